package ringattention.plan;

import ringattention.input.Configuration;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Toml;
import ringattention.input.Trait;

/**
 * Section {@code [curriculum]}: when training goes on to the next level of its source, and when it
 * has passed the last.
 *
 * @param gate what the moving average of the exact rate must be above for a level to end; 0: levels
 *     do not end, the source stays at its first
 * @param smoothing weight of the average before a step in that after it
 * @param leastSteps steps at a level before it may end
 * @param mostSteps steps at a level, after which the run ends without having passed; 0: no limit
 *     but {@code train.steps}
 */
public record CurriculumConfig(double gate, double smoothing, int leastSteps, int mostSteps) {
  public static final Section<CurriculumConfig> SECTION =
      Section.of("curriculum", CurriculumConfig::read);

  private static final CurriculumConfig OFF = new CurriculumConfig(0, 0.7, 20, 0);

  static CurriculumConfig read(Table table) {
    double gate = table.number("gate", Range.FRACTION, Default.of(OFF.gate));
    double smoothing = table.number("smoothing", Range.FRACTION, Default.of(OFF.smoothing));
    int least = table.integer("leastSteps", Range.atLeast(1), Default.of(OFF.leastSteps));
    int most =
        table.marked(Trait.FREE).integer("mostSteps", Range.atLeast(0), Default.of(OFF.mostSteps));
    String unused = "must not be given without curriculum.gate";
    table.require(gate > 0 || smoothing == OFF.smoothing, "smoothing", unused);
    table.require(gate > 0 || least == OFF.leastSteps, "leastSteps", unused);
    table.require(gate > 0 || most == OFF.mostSteps, "mostSteps", unused);
    table.require(
        most == 0 || most >= least,
        "mostSteps",
        "must be 0, or at least curriculum.leastSteps (" + Toml.write(least) + ")");
    return new CurriculumConfig(gate, smoothing, least, most);
  }

  /** Returns whether every step of training counts the questions that are answered exactly. */
  public static boolean countsAnswers(Configuration configuration) {
    return configuration.get(TrainConfig.SECTION).exactRate() || configuration.get(SECTION).isOn();
  }

  /** Returns whether levels end. */
  public boolean isOn() {
    return gate > 0;
  }
}
