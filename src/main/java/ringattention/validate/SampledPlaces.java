package ringattention.validate;

import java.util.stream.IntStream;
import ringattention.random.Seed;
import ringattention.shard.TokenLayout;

/**
 * Which results are compared: some positions of some heads. dK and dV of a key/value head take all
 * query heads that read it, so heads are sampled in such groups.
 *
 * @param positions ascending
 * @param keyValueHeads counted over the batch: sequence * keyValueHeads + head
 * @param group query heads that read one key/value head
 */
record SampledPlaces(int[] positions, int[] keyValueHeads, int group) {
  private static final int ALL_HEADS = 4096; // the longest sequence of which all heads are compared
  private static final int LONG = 16384;
  private static final int MOST_ELEMENTS = 1 << 20; // of one sampled tensor on the host
  private static final int MANY_RANKS = 16;

  /** Everything. */
  static SampledPlaces whole(AttentionProblem problem) {
    return new SampledPlaces(
        IntStream.range(0, problem.length()).toArray(), allHeads(problem), problem.heads().group());
  }

  /**
   * Returns as many as float64 attention can do in seconds: positions in both halves of every
   * rank's shard, which are the two chunks of a zigzag, so that no rank is without. About 32 of
   * them, above 16384 tokens 8; at least 4 of a rank, of more than 16 ranks 2: 64 at most up to 32
   * ranks. All heads, above 4096 tokens those of about 4 query heads.
   *
   * @param ranks of the ring
   */
  static SampledPlaces of(AttentionProblem problem, int ranks) {
    int[] positions = positions(problem, ranks);
    int[] all = allHeads(problem);
    long elements =
        (long) positions.length * all.length * problem.heads().group() * problem.heads().size();
    if (problem.length() <= ALL_HEADS && elements <= MOST_ELEMENTS) {
      return new SampledPlaces(positions, all, problem.heads().group());
    }
    int count = Math.min(all.length, Math.max(2, 4 / problem.heads().group()));
    int[] heads =
        IntStream.range(0, count)
            .map(i -> count == 1 ? 0 : Math.toIntExact((all.length - 1L) * i / (count - 1)))
            .toArray();
    return new SampledPlaces(positions, heads, problem.heads().group());
  }

  private static int[] positions(AttentionProblem problem, int ranks) {
    TokenLayout layout = problem.layout(ranks);
    int wanted = problem.length() > LONG ? 8 : 32;
    int least = ranks <= MANY_RANKS ? 2 : 1;
    int inHalf = Math.max(least, (wanted + 2 * ranks - 1) / (2 * ranks));
    int parts = 2 * inHalf;
    Seed numbers = Seed.of(problem.seed(), "sample");
    return IntStream.range(0, ranks * parts)
        .map(
            i -> {
              int rank = i / parts;
              int index = index(numbers.bits(i), i % parts, inHalf, layout.size(rank));
              return layout.position(rank, index);
            })
        .sorted()
        .distinct()
        .toArray();
  }

  /**
   * Returns a local index: each half of the shard in equal parts, and one at random in each. Where
   * a half has several, the shard's second and last are among them: the second, because a
   * sequence's very first query sees only itself, and its dQ is 0.
   *
   * @param size of the shard, at least 2
   */
  private static int index(long bits, int part, int inHalf, int size) {
    boolean first = part < inHalf;
    if (inHalf > 1 && part == 0) {
      return 1;
    }
    if (inHalf > 1 && part == 2 * inHalf - 1) {
      return size - 1;
    }
    int start = first ? 0 : size / 2;
    long length = first ? size / 2 : size - size / 2;
    int within = first ? part : part - inHalf;
    long from = length * within / inHalf;
    long to = Math.max(from + 1, length * (within + 1) / inHalf);
    return (int) (start + from + Long.remainderUnsigned(bits, to - from));
  }

  private static int[] allHeads(AttentionProblem problem) {
    return IntStream.range(0, problem.batch() * problem.heads().keyValue()).toArray();
  }

  /** The same positions of a problem that has one head. */
  SampledPlaces oneHead() {
    return new SampledPlaces(positions, new int[] {0}, 1);
  }

  /** The query heads, counted over the batch. */
  int[] heads() {
    return IntStream.range(0, keyValueHeads.length * group)
        .map(i -> keyValueHeads[i / group] * group + i % group)
        .toArray();
  }
}
