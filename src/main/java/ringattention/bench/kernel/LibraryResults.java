package ringattention.bench.kernel;

/** Results of a library's attention in the form of ours. */
final class LibraryResults {
  private LibraryResults() {}

  /**
   * Returns outputs, each followed by its log-sum-exp.
   *
   * @param out [lanes, headSize]
   * @param logSumExp [lanes]
   * @return [lanes, headSize + 1]
   */
  static double[] partial(double[] out, double... logSumExp) {
    int size = out.length / logSumExp.length;
    double[] partial = new double[out.length + logSumExp.length];
    for (int lane = 0; lane < logSumExp.length; lane++) {
      System.arraycopy(out, lane * size, partial, lane * (size + 1), size);
      partial[lane * (size + 1) + size] = logSumExp[lane];
    }
    return partial;
  }

  /**
   * Counts the elements of outputs that are further apart than is allowed, or are not numbers.
   *
   * @param some [lanes, headSize + 1]; log-sum-exps are not compared
   * @param others as some
   */
  static long apart(double[] some, double[] others, double allowed, int headSize) {
    long apart = 0;
    for (int i = 0; i < some.length; i++) {
      boolean isOutput = i % (headSize + 1) != headSize;
      apart += isOutput && !(Math.abs(some[i] - others[i]) <= allowed) ? 1 : 0;
    }
    return apart;
  }
}
