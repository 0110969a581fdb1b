package ringattention;

/** {@code bench scaling}: weak and strong scaling of attention and training. */
final class BenchScalingCommand {
  private BenchScalingCommand() {}

  static int run(Job job) {
    throw new UnsupportedOperationException("bench scaling");
  }
}
