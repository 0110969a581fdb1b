package ringattention.validate;

import java.util.stream.IntStream;

/**
 * Which results are compared: some positions of some heads. dK and dV of a key/value head take all
 * query heads that read it, so heads are sampled in such groups.
 *
 * @param positions ascending
 * @param keyValueHeads counted over the batch: sequence * keyValueHeads + head
 * @param group query heads that read one key/value head
 */
record Sample(int[] positions, int[] keyValueHeads, int group) {
  private static final int ALL_HEADS = 4096; // the longest sequence of which all heads are compared
  private static final int LONG = 16384;

  /** Everything. */
  static Sample whole(AttentionProblem problem) {
    return new Sample(
        IntStream.range(0, problem.length()).toArray(), allHeads(problem), problem.group());
  }

  /**
   * As many as float64 attention can do in seconds: 32 positions of all heads, of about 4 query
   * heads above 4096 tokens, 8 positions above 16384.
   */
  static Sample of(AttentionProblem problem) {
    int[] positions = positions(problem.length(), problem.length() > LONG ? 8 : 32);
    int[] all = allHeads(problem);
    if (problem.length() <= ALL_HEADS) {
      return new Sample(positions, all, problem.group());
    }
    int count = Math.min(all.length, Math.max(2, 4 / problem.group()));
    int[] heads =
        IntStream.range(0, count)
            .map(i -> count == 1 ? 0 : Math.toIntExact((all.length - 1L) * i / (count - 1)))
            .toArray();
    return new Sample(positions, heads, problem.group());
  }

  /**
   * Both ends, and positions between them, denser towards the start, where causal queries see few
   * keys and gradients are large.
   */
  private static int[] positions(int length, int count) {
    return IntStream.range(0, count)
        .map(i -> (int) Math.round((length - 1) * Math.pow(i / (count - 1.0), 3)))
        .distinct()
        .toArray();
  }

  private static int[] allHeads(AttentionProblem problem) {
    return IntStream.range(0, problem.batch() * problem.keyValueHeads()).toArray();
  }

  /** The query heads, counted over the batch. */
  int[] heads() {
    return IntStream.range(0, keyValueHeads.length * group)
        .map(i -> keyValueHeads[i / group] * group + i % group)
        .toArray();
  }
}
