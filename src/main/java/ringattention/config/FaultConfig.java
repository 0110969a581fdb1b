package ringattention.config;

/**
 * A failure on purpose, to see what a job script makes of it.
 *
 * @param rank that throws; -1: none
 * @param step at which it does
 */
public record FaultConfig(int rank, long step) {
  static FaultConfig read(Table table) {
    return new FaultConfig(
        table.integer("rank", -1, -1, Integer.MAX_VALUE), table.whole("step", 1L, 1, Long.MAX_VALUE));
  }
}
