package ringattention;

/**
 * {@code bench context}: the longest sequence that trains, per architecture (table 3 of the paper).
 */
final class BenchContextCommand {
  private BenchContextCommand() {}

  static int run(Job job) {
    throw new UnsupportedOperationException("bench context");
  }
}
