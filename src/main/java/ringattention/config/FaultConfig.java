package ringattention.config;

/**
 * Section {@code [fault]}: makes one rank throw, to try how a job script and a scheduler take it.
 *
 * @param rank that throws; -1: none
 * @param step at which it throws, counted from 1; -1: never
 */
public record FaultConfig(int rank, int step) {
  static FaultConfig read(Table table) {
    return new FaultConfig(
        table.integer("rank", Range.atLeast(-1), Default.of(-1)),
        table.integer("step", Range.atLeast(-1), Default.of(-1)));
  }
}
