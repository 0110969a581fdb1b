package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * A tile of transposed scores, [keys, queries], in the heap, with what is known of each query (a
 * column). A vector holds one key for neighbouring queries, so a softmax over the keys never
 * crosses lanes, and queries that are no multiple of the vector width only leave lanes unused.
 */
final class ScoreTile {
  /**
   * Queries of a tile. From 128 to 512 queries and keys the measured rate hardly differs; these
   * keep the tiles, native and in the heap, in a second-level cache of 1 MiB.
   */
  static final int QUERIES = 256;

  /** Keys of a tile. */
  static final int KEYS = 192;

  /**
   * Distance of rows: one cache line more than the queries, or all rows would fall into the same
   * cache sets.
   */
  static final int STRIDE = QUERIES + 16;

  /** Size of a tile in native memory. */
  static final long BYTES = (long) KEYS * STRIDE * Float.BYTES;

  /**
   * The reference follows the maximum only when that has grown by more than this, because each step
   * costs a pass over the output. Probabilities then reach exp(8) before normalization, far from
   * overflow, and lose no precision.
   */
  private static final FloatVector SLACK = all(8);

  private static final FloatVector ONE = all(1);

  private static final Pass[] SOFTMAX = {
    ScoreTile::findMaxima, ScoreTile::moveReferences, ScoreTile::addExponentials
  };
  private static final Pass[] GRADIENT = {ScoreTile::takeGradients};

  /** Scores, then probabilities. */
  final float[] scores = new float[KEYS * STRIDE];

  /** Gradients of the probabilities, then of the scores. */
  final float[] gradients = new float[KEYS * STRIDE];

  /** Forward: what scores of a query are relative to. Backward: its log-sum-exp. */
  final float[] references = new float[QUERIES];

  /** Forward: sum of exponentials so far. Backward: rowsum(dOut out). */
  final float[] sums = new float[QUERIES];

  /** What the last softmax multiplied the earlier sums of a query with. */
  final float[] factors = new float[QUERIES];

  private int size;
  private int firstColumn;
  private int columns;
  private boolean moved;

  @FunctionalInterface
  private interface Pass {
    void run(ScoreTile tile);
  }

  /**
   * First column of the block of queries that may see a key at or after {@code key}, rounded down
   * to a whole vector.
   */
  static int firstColumn(boolean causal, int firstQuery, int key) {
    return causal ? Math.max(0, key - firstQuery) / WIDTH * WIDTH : 0;
  }

  /** Column 0 of the tile is column {@code first} of the block of queries. */
  void shape(int keys, int first, int newColumns) {
    size = keys * STRIDE;
    firstColumn = first;
    columns = newColumns;
  }

  /**
   * Sets scores of keys after their query to minus infinity. Column 0 is {@code query}, row 0 is
   * {@code key}.
   */
  void mask(int query, int key) {
    int row = Math.max(0, query - key);
    for (int at = row * STRIDE; at < size; at += STRIDE, row++) {
      Arrays.fill(scores, at, at + Math.min(columns, key + row - query), Float.NEGATIVE_INFINITY);
    }
  }

  /**
   * Scores to probabilities relative to the reference, which moves where the maximum left it
   * behind.
   *
   * @return whether any factor is not 1
   */
  boolean softmax() {
    moved = false;
    apply(SOFTMAX);
    return moved;
  }

  /**
   * Scores to probabilities exp(score - logSumExp), and their gradients to gradients of the scores.
   */
  void gradient() {
    apply(GRADIENT);
  }

  /**
   * One call for every pass: the compiler sees too many targets to inline them. Inlined into one
   * method they exceed its limit of nodes, and it then allocates an object for each vector
   * (measured: 3 ns a score instead of 1).
   */
  private void apply(Pass[] passes) {
    for (Pass pass : passes) {
      pass.run(this);
    }
  }

  /**
   * Maxima of the columns into factors; every other row on its own, because one maximum has to wait
   * for the last.
   */
  private void findMaxima() {
    for (int c = 0; c < columns; c += WIDTH) {
      FloatVector even = load(scores, c);
      FloatVector odd = load(scores, size - STRIDE + c);
      for (int i = c; i + STRIDE < size; i += 2 * STRIDE) {
        even = VectorMath.max(even, load(scores, i));
        odd = VectorMath.max(odd, load(scores, i + STRIDE));
      }
      VectorMath.max(even, odd).intoArray(factors, firstColumn + c);
    }
  }

  private void moveReferences() {
    for (int c = firstColumn; c < firstColumn + columns; c += WIDTH) {
      FloatVector max = load(factors, c);
      FloatVector before = load(references, c);
      VectorMask<Float> behind = max.compare(VectorOperators.GT, before.add(SLACK));
      FloatVector factor = ONE.blend(VectorMath.exp(before.sub(max)), behind);
      before.blend(max, behind).intoArray(references, c);
      load(sums, c).mul(factor).intoArray(sums, c);
      factor.intoArray(factors, c);
      moved |= behind.anyTrue();
    }
  }

  private void addExponentials() {
    for (int c = 0; c < columns; c += WIDTH) {
      FloatVector reference = load(references, firstColumn + c);
      FloatVector total = all(0); // not a constant: that would stay an object through the loop
      for (int i = c; i < size; i += STRIDE) {
        FloatVector exp = VectorMath.exp(load(scores, i).sub(reference));
        exp.intoArray(scores, i);
        total = total.add(exp);
      }
      load(sums, firstColumn + c).add(total).intoArray(sums, firstColumn + c);
    }
  }

  private void takeGradients() {
    for (int row = 0; row < size; row += STRIDE) {
      for (int c = 0; c < columns; c += WIDTH) {
        FloatVector probability =
            VectorMath.exp(load(scores, row + c).sub(load(references, firstColumn + c)));
        probability.intoArray(scores, row + c);
        FloatVector gradient = load(gradients, row + c).sub(load(sums, firstColumn + c));
        probability.mul(gradient).intoArray(gradients, row + c);
      }
    }
  }
}
