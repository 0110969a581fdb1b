package ringattention.validate;

import java.util.stream.IntStream;
import ringattention.attention.Attention;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.shard.TokenLayout;
import ringattention.validate.AttentionProblem.Input;

/**
 * What one rank has computed of a problem, and how it gets to the host: whole, a sample of it, or
 * the truth to compare it with.
 *
 * @param problem as it was solved
 * @param gradient of the last backward; null before the first
 */
record ShardResults(
    AttentionProblem problem,
    HeadInputs inputs,
    Communicator ring,
    Device device,
    TokenLayout layout,
    AttentionBuffers buffers,
    Attention.Gradient gradient) {
  /**
   * Everything in the order of positions, heads counted over the batch, on rank 0; null on the
   * others. For sequences whose results fit the host. Collective.
   */
  AttentionResult gather() {
    double[] wholeOut = gather(buffers.out());
    double[] wholeLogSumExp = gather(buffers.logSumExp());
    double[] wholeQuery = gather(gradient.query());
    double[] wholeKey = gather(gradient.own().keys());
    double[] wholeValue = gather(gradient.own().values());
    if (ring.rank() != 0) {
      return null;
    }
    int[] all = IntStream.range(0, problem.length()).toArray();
    double[] rowSums =
        AttentionTruth.rowSums(
            wholeOut, inputs.rows(Input.OUTPUT_GRADIENT, all), problem.heads().size());
    return new AttentionResult(wholeOut, wholeLogSumExp, rowSums, wholeQuery, wholeKey, wholeValue);
  }

  private double[] gather(Tensor tensor) {
    return Gathered.rows(ring, layout, device.read(tensor));
  }

  /** A sample of the results on rank 0; null on the others. Collective. */
  AttentionResult gather(SampledPlaces sample) {
    int[] heads = sample.heads();
    int[] keys = sample.keyValueHeads();
    double[] someOut = gather(buffers.out(), sample.positions(), heads);
    double[] someLogSumExp = gather(buffers.logSumExp(), sample.positions(), heads);
    double[] someQuery = gather(gradient.query(), sample.positions(), heads);
    double[] someKey = gather(gradient.own().keys(), sample.positions(), keys);
    double[] someValue = gather(gradient.own().values(), sample.positions(), keys);
    if (ring.rank() != 0) {
      return null;
    }
    double[] rowSums =
        AttentionTruth.rowSums(
            someOut, inputs.gradients(sample.positions(), heads), problem.heads().size());
    return new AttentionResult(someOut, someLogSumExp, rowSums, someQuery, someKey, someValue);
  }

  private double[] gather(Tensor tensor, int[] positions, int[] heads) {
    int headsInRow = problem.batch() * Math.toIntExact(tensor.dim(2));
    int size = tensor.rank() == 4 ? problem.heads().size() : 1;
    return Gathered.sample(
        ring,
        layout,
        positions,
        index ->
            Gathered.columns(device.read(tensor.slice(index, index + 1)), heads, headsInRow, size));
  }

  /**
   * Returns the truth at a sample of positions, to which every rank adds what its own keys and
   * queries are to them. Log-sum-exp and row sums of queries are those of the result. Collective.
   */
  AttentionTruth truth(SampledPlaces sample) {
    ShardTruth truth = new ShardTruth(problem, sample, inputs.rounded());
    ShardPieces pieces =
        ShardPieces.of(problem, layout, ring.rank()).atMost(AttentionTruth.piece(problem, sample));
    pieces.forEach((from, to, positions) -> truth.keys(positions));
    truth.queriesDone(ring);
    int[] heads = sample.heads();
    int headsInRow = problem.batch() * problem.heads().query();
    int size = problem.heads().size();
    pieces.forEach(
        (from, to, positions) -> {
          double[] outputs = device.read(buffers.out().slice(from, to));
          outputs = Gathered.columns(outputs, heads, headsInRow, size);
          double[] logSums = device.read(buffers.logSumExp().slice(from, to));
          truth.queries(
              positions,
              Gathered.columns(logSums, heads, headsInRow, 1),
              AttentionTruth.rowSums(outputs, inputs.gradients(positions, heads), size));
        });
    return truth.done(ring);
  }

  /** A tensor of the results, on the device. */
  Tensor tensor(Quantity quantity) {
    return switch (quantity) {
      case OUT -> buffers.out();
      case LOG_SUM_EXP -> buffers.logSumExp();
      case QUERY_GRADIENT -> gradient.query();
      case KEY_GRADIENT -> gradient.own().keys();
      case VALUE_GRADIENT -> gradient.own().values();
      case ROW_SUM -> throw new IllegalArgumentException("row sums are made on the host");
    };
  }
}
