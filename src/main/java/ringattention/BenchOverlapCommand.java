package ringattention;

/** {@code bench overlap}: the smallest block whose exchange is hidden (table 2). */
final class BenchOverlapCommand {
  private BenchOverlapCommand() {}

  static int run(Job job) {
    throw new UnsupportedOperationException("bench overlap");
  }
}
