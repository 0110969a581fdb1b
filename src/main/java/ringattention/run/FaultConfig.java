package ringattention.run;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [fault]}: makes one rank fail, to try how the program, a job script and a
 * scheduler take it.
 *
 * @param rank that fails; -1: none
 * @param step at which it does, counted from 1; -1: never
 * @param kind what goes wrong
 */
public record FaultConfig(int rank, int step, FaultKind kind) {
  public static final Section<FaultConfig> SECTION =
      Section.of("fault", FaultConfig::read).marked(Trait.ASIDE);

  static FaultConfig read(Table table) {
    return new FaultConfig(
        table.integer("rank", Range.atLeast(-1), Default.of(-1)),
        table.integer("step", Range.atLeast(-1), Default.of(-1)),
        table.choice("kind", FaultKind.class, Default.of(FaultKind.EXCEPTION)));
  }

  /** Whether this goes wrong on that rank at that step. */
  public boolean hits(FaultKind what, int onRank, long atStep) {
    return kind == what && rank == onRank && step == atStep;
  }
}
