package ringattention;

/** {@code bench mfu}: model FLOP utilization of blockwise and ring training (table 4). */
final class BenchMfuCommand {
  private BenchMfuCommand() {}

  static int run(Job job) {
    throw new UnsupportedOperationException("bench mfu");
  }
}
