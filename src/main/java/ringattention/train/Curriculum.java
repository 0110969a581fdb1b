package ringattention.train;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import ringattention.checkpoint.CurriculumPosition;
import ringattention.data.Samples;
import ringattention.input.Configuration;
import ringattention.model.Answers;
import ringattention.plan.CurriculumConfig;
import ringattention.plan.TrainConfig;
import ringattention.report.Check;

/**
 * The levels of a training run: a moving average of the exact rate, and the gate that it must pass
 * before the next level begins. Decided from sums over all ranks alone, so all ranks decide alike;
 * a function of the steps and of where it began, so a run that is resumed goes on to the same bits.
 */
public final class Curriculum {
  /** What becomes of the average when a level begins: harder questions are answered less well. */
  private static final double DAMPED = 0.5;

  private final CurriculumConfig config;
  private final long lastStep; // of the run
  private final Samples samples;
  private int level; // counted from 0
  private double average;
  private long steps; // done at the level

  /**
   * Puts the samples at the level that a run has reached.
   *
   * @throws ringattention.input.InputException if there is no such level, or nothing to gate by
   */
  public Curriculum(Configuration configuration, Samples samples, CurriculumPosition start) {
    this.config = configuration.get(CurriculumConfig.SECTION);
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    this.lastStep = train.steps();
    this.samples = samples;
    if (CurriculumConfig.countsAnswers(configuration) && !samples.hasQuestions()) {
      throw configuration
          .source()
          .error(
              config.isOn() ? "curriculum.gate" : "train.exactRate",
              "must not be given: the corpus of [data] has no questions to answer");
    }
    if (config.isOn()) {
      if (start.level() >= samples.levels()) {
        throw configuration
            .source()
            .error(
                "curriculum.gate",
                "the checkpoint has reached level "
                    + (start.level() + 1)
                    + ", and there are "
                    + samples.levels());
      }
      this.level = start.level();
      this.average = start.average();
      this.steps = start.steps();
      samples.level(level);
    }
  }

  /** Returns what a checkpoint must hold to go on from here. */
  CurriculumPosition position() {
    return new CurriculumPosition(level, average, steps);
  }

  /** Returns the level of the next step, counted from 0. */
  int level() {
    return level;
  }

  /** Returns whether levels end. */
  boolean isOn() {
    return config.isOn();
  }

  /** Returns whether the gate of the last level is passed. */
  boolean passed() {
    return isOn() && level == samples.levels() - 1 && opens();
  }

  /** Returns whether the run is to end before its last step: it has passed, or may try no more. */
  boolean ends() {
    return isOn() && (passed() || config.mostSteps() > 0 && steps >= config.mostSteps());
  }

  /** Returns whether it may be used: there is no gate, or the last is passed. */
  public boolean allows() {
    return !isOn() || passed();
  }

  private boolean opens() {
    return steps >= config.leastSteps() && average > config.gate();
  }

  /**
   * Counts a step. One that was skipped, or has no question, is a step at the level that changes no
   * average.
   *
   * @return what happened, in words; empty if nothing did
   */
  Optional<String> after(StepResult step) {
    if (!isOn()) {
      return Optional.empty();
    }
    steps++;
    Optional<Answers> answers = step.answers().filter(given -> given.questions() > 0);
    if (answers.isPresent() && step.skipped().isEmpty()) {
      double smoothing = config.smoothing();
      average = smoothing * average + (1 - smoothing) * answers.get().exactRate();
    }
    if (!opens()) {
      return Optional.empty();
    }
    String passed = of(level) + " passed after " + steps + " steps, " + rate();
    if (level == samples.levels() - 1) {
      return Optional.of(passed);
    }
    String before = String.format(Locale.ROOT, "exact %.3f", average);
    level++;
    average *= DAMPED;
    steps = 0;
    samples.level(level);
    return Optional.of(of(level) + " after " + step.step() + " steps: " + before);
  }

  private String of(int number) {
    return "level " + (number + 1) + " of " + samples.levels();
  }

  private String rate() {
    return String.format(Locale.ROOT, "exact %.3f", average);
  }

  /** Returns a line that says what there is to do; empty if levels do not end. */
  public Optional<String> header() {
    if (!isOn()) {
      return Optional.empty();
    }
    String most = config.mostSteps() == 0 ? "" : ", and at most " + config.mostSteps();
    return Optional.of(
        "curriculum: "
            + of(level)
            + "; a level ends when the exact rate, averaged, is above "
            + config.gate()
            + " after at least "
            + config.leastSteps()
            + most
            + " steps; the run ends with the last");
  }

  /** Returns why the gate was not passed; empty if it was, or there is none. */
  Optional<String> failure() {
    if (allows()) {
      return Optional.empty();
    }
    String limit =
        ends() ? "curriculum.mostSteps = " + config.mostSteps() : "train.steps = " + lastStep;
    return Optional.of(
        of(level)
            + " not passed: "
            + rate()
            + " after "
            + steps
            + " steps at it, and curriculum.gate needs more than "
            + config.gate()
            + " within "
            + limit);
  }

  /** Returns the check that the last gate is passed; empty if there is none. */
  public Optional<Check> check() {
    if (!isOn()) {
      return Optional.empty();
    }
    Map<String, Double> details = new LinkedHashMap<>();
    details.put("level", level + 1.0);
    details.put("exact rate, averaged", average);
    details.put("gate", config.gate());
    details.put("steps at the level", (double) steps);
    return Optional.of(
        Check.between(
            "gate passed",
            passed() ? samples.levels() : level,
            samples.levels(),
            samples.levels(),
            "levels whose averaged exact rate was above curriculum.gate, of all levels",
            details));
  }

  /** Puts what the summary says of it. */
  void put(Map<String, Object> summary) {
    if (isOn()) {
      summary.put("level", level + 1);
      summary.put("levels", samples.levels());
      summary.put("steps_at_level", steps);
      summary.put("exact_rate_average", average);
      summary.put("gate_passed", passed());
    }
  }
}
