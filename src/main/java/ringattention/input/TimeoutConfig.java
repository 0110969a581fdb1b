package ringattention.input;

/**
 * Section {@code [timeout]}: when a run that hangs is ended.
 *
 * @param minutes of training without any progress of a rank; 0: never
 */
public record TimeoutConfig(double minutes) {
  static TimeoutConfig read(Table table) {
    return new TimeoutConfig(table.number("minutes", Range.atLeast(0), Default.of(30.0)));
  }
}
