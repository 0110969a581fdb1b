package ringattention.validate;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.comm.Communicator.Operation;
import ringattention.device.DType;
import ringattention.metrics.Largest;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem.Input;

/**
 * One rank's part in vanilla attention in float64 at {@link SampledPlaces}: what the sampled
 * queries see of its keys, and the sampled keys get of its queries. Positions come in pieces, so
 * that the host needs little memory however long the sequence is; sums over keys are online
 * (running maximum), in one pass:
 *
 * <pre>
 *   dQ = (sum p (dO.v) k - (dO.O) sum p k) / sqrt(d)
 * </pre>
 */
final class ShardTruth {
  private final AttentionProblem problem;
  private final SampledPlaces sample;
  private final DType rounded;
  private final int size; // of a head
  private final int[] heads;
  private final int[] keyHeads;
  private final AttentionResult truth; // what is summed so far, then what it makes
  private final double[] query; // [rows, heads, size], as dOut
  private final double[] dOut;
  private final double[] key; // [rows, key/value heads, size], as value
  private final double[] value;
  private final double[] largest; // score of each row and head so far
  private final double[] sums; // of exp(score - largest), [rows, heads]
  private final double[] squares; // of the squares of these
  private final double[] weighted; // sums of p (dO.v) k, [rows, heads, size]
  private final double[] mean; // sums of p k, as weighted
  private final double[] keySquares; // sums of p^2 over queries, [rows, key/value heads]
  private final double[] keySums; // of p, likewise
  private final double[] magnitudes = new double[Input.values().length];

  ShardTruth(AttentionProblem problem, SampledPlaces sample, DType rounded) {
    this.problem = problem;
    this.sample = sample;
    this.rounded = rounded;
    this.size = problem.heads().size();
    this.heads = sample.heads();
    this.keyHeads = sample.keyValueHeads();
    int[] positions = sample.positions();
    this.truth = AttentionResult.zeros(positions.length, heads.length, keyHeads.length, size);
    this.query = problem.rows(Input.QUERY, positions, heads, rounded);
    this.dOut = problem.rows(Input.OUTPUT_GRADIENT, positions, heads, rounded);
    this.key = problem.rows(Input.KEY, positions, keyHeads, rounded);
    this.value = problem.rows(Input.VALUE, positions, keyHeads, rounded);
    int cells = positions.length * heads.length;
    this.largest = new double[cells];
    Arrays.fill(largest, Double.NEGATIVE_INFINITY);
    this.sums = new double[cells];
    this.squares = new double[cells];
    this.weighted = new double[cells * size];
    this.mean = new double[cells * size];
    this.keySquares = new double[positions.length * keyHeads.length];
    this.keySums = new double[keySquares.length];
  }

  /** Adds what the sampled queries see of the keys at these positions, which ascend. */
  void keys(int... positions) {
    double[] keys = problem.rows(Input.KEY, positions, keyHeads, rounded);
    double[] values = problem.rows(Input.VALUE, positions, keyHeads, rounded);
    note(Input.KEY, keys);
    note(Input.VALUE, values);
    cells(sums.length).forEach(cell -> keys(cell, positions, keys, values));
  }

  private void keys(int cell, int[] positions, double[] keys, double[] values) {
    int position = sample.positions()[cell / heads.length];
    int shared = cell % heads.length / sample.group();
    int from = before(positions, problem.documents().first(position));
    int to =
        before(
            positions,
            causal() ? position + 1L : problem.documents().end(position, problem.length()));
    if (from >= to) {
      return;
    }
    double[] scores = new double[to - from];
    for (int j = from; j < to; j++) {
      int at = (j * keyHeads.length + shared) * size;
      scores[j - from] = dot(query, cell * size, keys, at, size) / Math.sqrt(size);
    }
    rescale(cell, Math.max(largest[cell], Arrays.stream(scores).max().orElseThrow()));
    for (int j = from; j < to; j++) {
      int at = (j * keyHeads.length + shared) * size;
      double weight = Math.exp(scores[j - from] - largest[cell]);
      sums[cell] += weight;
      squares[cell] += weight * weight;
      double gradient = weight * dot(dOut, cell * size, values, at, size);
      for (int i = 0; i < size; i++) {
        truth.out()[cell * size + i] += weight * values[at + i];
        weighted[cell * size + i] += gradient * keys[at + i];
        mean[cell * size + i] += weight * keys[at + i];
      }
    }
  }

  /** Makes sums relative to another largest score. */
  private void rescale(int cell, double newLargest) {
    double factor =
        largest[cell] == newLargest ? 1 : Math.exp(largest[cell] - newLargest); // 0 at first
    largest[cell] = newLargest;
    sums[cell] *= factor;
    squares[cell] *= factor * factor;
    for (int i = cell * size; i < (cell + 1) * size; i++) {
      truth.out()[i] *= factor;
      weighted[i] *= factor;
      mean[i] *= factor;
    }
  }

  /**
   * Ends the sums over keys, of all ranks. Collective.
   *
   * @return with outputs and gradients of the sampled queries; those of keys are not yet there
   */
  AttentionResult queriesDone(Communicator ring) {
    double[] overall = largest.clone();
    ring.allReduce(overall, Operation.MAX);
    cells(sums.length).forEach(cell -> rescale(cell, overall[cell]));
    for (double[] part : new double[][] {sums, squares, truth.out(), weighted, mean}) {
      ring.allReduce(part, Operation.SUM);
    }
    cells(sums.length).forEach(this::finish);
    return truth;
  }

  private void finish(int cell) {
    truth.logSumExp()[cell] = largest[cell] + Math.log(sums[cell]);
    for (int i = cell * size; i < (cell + 1) * size; i++) {
      truth.out()[i] /= sums[cell];
    }
    double rowSum = dot(dOut, cell * size, truth.out(), cell * size, size);
    truth.rowSum()[cell] = rowSum;
    for (int i = cell * size; i < (cell + 1) * size; i++) {
      truth.dQuery()[i] = (weighted[i] - rowSum * mean[i]) / sums[cell] / Math.sqrt(size);
    }
    squares[cell] /= sums[cell] * sums[cell];
  }

  /**
   * Adds what the sampled keys get of the queries at these positions, which ascend.
   *
   * @param logSumExp [positions, heads]
   * @param rowSum as logSumExp
   */
  void queries(int[] positions, double[] logSumExp, double[] rowSum) {
    double[] queries = problem.rows(Input.QUERY, positions, heads, rounded);
    double[] gradients = problem.rows(Input.OUTPUT_GRADIENT, positions, heads, rounded);
    note(Input.QUERY, queries);
    note(Input.OUTPUT_GRADIENT, gradients);
    cells(keySquares.length)
        .forEach(cell -> queries(cell, positions, queries, gradients, logSumExp, rowSum));
  }

  private void queries(
      int cell,
      int[] positions,
      double[] queries,
      double[] gradients,
      double[] logSumExp,
      double[] rowSum) {
    int position = sample.positions()[cell / keyHeads.length];
    int firstHead = cell % keyHeads.length * sample.group();
    int from = before(positions, causal() ? position : problem.documents().first(position));
    int to = before(positions, problem.documents().end(position, problem.length()));
    for (int i = from; i < to; i++) {
      for (int head = firstHead; head < firstHead + sample.group(); head++) {
        int row = i * heads.length + head;
        double score = dot(queries, row * size, key, cell * size, size) / Math.sqrt(size);
        double weight = Math.exp(score - logSumExp[row]);
        keySquares[cell] += weight * weight;
        keySums[cell] += weight;
        double seen = dot(gradients, row * size, value, cell * size, size);
        double gradient = weight * (seen - rowSum[row]) / Math.sqrt(size);
        for (int c = 0; c < size; c++) {
          truth.dValue()[cell * size + c] += weight * gradients[row * size + c];
          truth.dKey()[cell * size + c] += gradient * queries[row * size + c];
        }
      }
    }
  }

  /** Ends the sums over queries, of all ranks, after {@link #queriesDone}. Collective. */
  AttentionTruth done(Communicator ring) {
    for (double[] part : new double[][] {truth.dKey(), truth.dValue(), keySquares, keySums}) {
      ring.allReduce(part, Operation.SUM);
    }
    ring.allReduce(magnitudes, Operation.MAX);
    double[] roots = Arrays.stream(squares).map(Math::sqrt).toArray();
    double[] keyRoots = Arrays.stream(keySquares).map(Math::sqrt).toArray();
    double[] ones = new double[squares.length]; // probabilities of a query add up to 1
    Arrays.fill(ones, 1);
    return new AttentionTruth(truth, scales(roots, keyRoots), scales(ones, keySums));
  }

  /**
   * Returns scales of every row.
   *
   * @param ofQueries what the probabilities of a query add up to, [rows, heads]
   * @param ofKeys what those of a key add up to, [rows, key/value heads]
   */
  private Map<Quantity, double[]> scales(double[] ofQueries, double[] ofKeys) {
    Map<Quantity, double[]> scales = new EnumMap<>(Quantity.class);
    scales.put(Quantity.OUT, scaled(ofQueries, Input.VALUE));
    scales.put(
        Quantity.LOG_SUM_EXP,
        Arrays.stream(truth.logSumExp()).map(sum -> Math.max(1, Math.abs(sum))).toArray());
    double[] rowSums = scaled(ofQueries, Input.VALUE);
    Arrays.setAll(
        rowSums,
        cell -> rowSums[cell] * Math.sqrt(dot(dOut, cell * size, dOut, cell * size, size)));
    scales.put(Quantity.ROW_SUM, rowSums);
    scales.put(Quantity.QUERY_GRADIENT, scaled(ofQueries, Input.KEY));
    scales.put(Quantity.KEY_GRADIENT, scaled(ofKeys, Input.QUERY));
    scales.put(Quantity.VALUE_GRADIENT, scaled(ofKeys, Input.OUTPUT_GRADIENT));
    return scales;
  }

  private double[] scaled(double[] sums, Input input) {
    double magnitude = magnitudes[input.ordinal()];
    return Arrays.stream(sums).map(sum -> magnitude * sum).toArray();
  }

  private void note(Input input, double[] values) {
    int index = input.ordinal();
    magnitudes[index] = Largest.of(magnitudes[index], Largest.magnitude(values));
  }

  private boolean causal() {
    return problem.mask() == Mask.CAUSAL;
  }

  /** Returns how many of these positions, which ascend, lie before this one. */
  private static int before(int[] positions, long position) {
    int found = Arrays.binarySearch(positions, (int) Math.min(position, Integer.MAX_VALUE));
    return found >= 0 ? found : -found - 1;
  }

  private static IntStream cells(int count) {
    return IntStream.range(0, count).parallel();
  }

  /** Four sums side by side: one would wait for itself. */
  static double dot(double[] a, int atA, double[] b, int atB, int size) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = 0;
    for (; i + 3 < size; i += 4) {
      sum0 += a[atA + i] * b[atB + i];
      sum1 += a[atA + i + 1] * b[atB + i + 1];
      sum2 += a[atA + i + 2] * b[atB + i + 2];
      sum3 += a[atA + i + 3] * b[atB + i + 3];
    }
    for (; i < size; i++) {
      sum0 += a[atA + i] * b[atB + i];
    }
    return sum0 + sum1 + (sum2 + sum3);
  }
}
