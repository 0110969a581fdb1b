package ringattention.validate;

import java.util.stream.IntStream;
import ringattention.config.MaskKind;
import ringattention.device.DType;
import ringattention.validate.AttentionProblem.Input;

/**
 * Vanilla attention in float64 at a sample of positions: the truth where the whole score matrix
 * would take too long or too much memory. O, log-sum-exp and dQ of a sampled query follow from the
 * inputs alone. dK and dV of a sampled key need the log-sum-exp and O of every query: those are
 * taken from the result under test, whose own samples are checked beside them.
 */
public final class SampledTruth {
  private final AttentionProblem problem;
  private final int heads; // of all sequences of the batch
  private final int keyValueHeads;
  private final int headSize;
  private final double[] query; // [length, batch * heads, headSize]
  private final double[] key; // [length, batch * keyValueHeads, headSize]
  private final double[] value;
  private final double[] dOut;

  /**
   * @param rounded the type whose precision the inputs have
   */
  public SampledTruth(AttentionProblem problem, DType rounded) {
    this.problem = problem;
    this.heads = problem.batch() * problem.heads();
    this.keyValueHeads = problem.batch() * problem.keyValueHeads();
    this.headSize = problem.headSize();
    int[] all = IntStream.range(0, problem.length()).toArray();
    this.query = problem.rows(Input.QUERY, all, rounded);
    this.key = problem.rows(Input.KEY, all, rounded);
    this.value = problem.rows(Input.VALUE, all, rounded);
    this.dOut = problem.rows(Input.OUTPUT_GRADIENT, all, rounded);
  }

  /**
   * Both ends, and positions between them, denser towards the start, where causal queries see few
   * keys and gradients are large.
   */
  public static int[] sample(int length, int count) {
    return IntStream.range(0, count)
        .map(i -> (int) Math.round((length - 1) * Math.pow(i / (count - 1.0), 3)))
        .distinct()
        .toArray();
  }

  /**
   * How many elements of a whole result are wrong, of those at some positions: off by more than
   * rounding explains, or not a number.
   *
   * @param epsilon of the result's type
   */
  public long wrong(int[] positions, AttentionResult result, double epsilon) {
    AttentionResult rows = result.at(positions, problem.length());
    AttentionResult truth = at(positions, result);
    double output = Thresholds.attentionOutput(headSize);
    double gradient = Thresholds.attentionGradient(headSize);
    double logScale = Math.max(1, Residual.largest(truth.logSumExp()));
    return count(rows.out(), truth.out(), output * epsilon * largestValue())
        + count(rows.logSumExp(), truth.logSumExp(), output * epsilon * logScale)
        + count(
            rows.dQuery(), truth.dQuery(), gradient * epsilon * Residual.largest(truth.dQuery()))
        + count(rows.dKey(), truth.dKey(), gradient * epsilon * Residual.largest(truth.dKey()))
        + count(
            rows.dValue(), truth.dValue(), gradient * epsilon * Residual.largest(truth.dValue()));
  }

  private static long count(double[] result, double[] truth, double allowed) {
    return IntStream.range(0, truth.length)
        .filter(i -> !(Math.abs(result[i] - truth[i]) <= allowed))
        .count();
  }

  public double largestValue() {
    return Residual.largest(value);
  }

  /**
   * The truth at some positions.
   *
   * @param result the whole result under test
   */
  public AttentionResult at(int[] positions, AttentionResult result) {
    AttentionResult truth =
        new AttentionResult(
            new double[positions.length * heads * headSize],
            new double[positions.length * heads],
            new double[positions.length * heads * headSize],
            new double[positions.length * keyValueHeads * headSize],
            new double[positions.length * keyValueHeads * headSize]);
    for (int i = 0; i < positions.length; i++) {
      for (int head = 0; head < heads; head++) {
        query(positions[i], head, i, truth);
        key(positions[i], head, i, result, truth);
      }
    }
    return truth;
  }

  /** Attention of one query, and its gradient. */
  private void query(int position, int head, int row, AttentionResult truth) {
    int keys = problem.mask() == MaskKind.CAUSAL ? position + 1 : problem.length();
    int group = keyValueHead(head);
    double[] probabilities = new double[keys];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < keys; j++) {
      probabilities[j] = score(position, head, j);
      largest = Math.max(largest, probabilities[j]);
    }
    double sum = 0;
    for (int j = 0; j < keys; j++) {
      sum += Math.exp(probabilities[j] - largest);
    }
    double logSumExp = largest + Math.log(sum);
    truth.logSumExp()[row * heads + head] = logSumExp;
    int out = (row * heads + head) * headSize;
    for (int j = 0; j < keys; j++) {
      probabilities[j] = Math.exp(probabilities[j] - logSumExp);
      add(truth.out(), out, probabilities[j], value, at(j, group, keyValueHeads));
    }
    double delta = dot(dOut, at(position, head, heads), truth.out(), out);
    for (int j = 0; j < keys; j++) {
      int held = at(j, group, keyValueHeads);
      double dProbability = dot(dOut, at(position, head, heads), value, held);
      double dScore = probabilities[j] * (dProbability - delta) / Math.sqrt(headSize);
      add(truth.dQuery(), out, dScore, key, held);
    }
  }

  /** What one query head adds to the gradients of one key and value. */
  private void key(int position, int head, int row, AttentionResult result, AttentionResult truth) {
    int group = keyValueHead(head);
    int held = at(position, group, keyValueHeads);
    int gradient = (row * keyValueHeads + group) * headSize;
    for (int i = problem.mask() == MaskKind.CAUSAL ? position : 0; i < problem.length(); i++) {
      int asking = at(i, head, heads);
      double probability =
          Math.exp(score(i, head, position) - result.logSumExp()[i * heads + head]);
      add(truth.dValue(), gradient, probability, dOut, asking);
      double delta = dot(dOut, asking, result.out(), asking);
      double dProbability = dot(dOut, asking, value, held);
      double dScore = probability * (dProbability - delta) / Math.sqrt(headSize);
      add(truth.dKey(), gradient, dScore, query, asking);
    }
  }

  private double score(int queryPosition, int head, int keyPosition) {
    int held = at(keyPosition, keyValueHead(head), keyValueHeads);
    return dot(query, at(queryPosition, head, heads), key, held) / Math.sqrt(headSize);
  }

  /** Heads are counted over the batch: sequence * heads + head. */
  private int keyValueHead(int head) {
    return head / (problem.heads() / problem.keyValueHeads());
  }

  private int at(int position, int head, int headsInRow) {
    return (position * headsInRow + head) * headSize;
  }

  private double dot(double[] a, int atA, double[] b, int atB) {
    double sum = 0;
    for (int i = 0; i < headSize; i++) {
      sum += a[atA + i] * b[atB + i];
    }
    return sum;
  }

  private void add(double[] to, int at, double factor, double[] from, int atFrom) {
    for (int i = 0; i < headSize; i++) {
      to[at + i] += factor * from[atFrom + i];
    }
  }
}
