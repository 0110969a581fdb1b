package ringattention;

/** {@code bench memory}: activation bytes of a layer against block size and length (table 1). */
final class BenchMemoryCommand {
  private BenchMemoryCommand() {}

  static int run(Job job) {
    throw new UnsupportedOperationException("bench memory");
  }
}
