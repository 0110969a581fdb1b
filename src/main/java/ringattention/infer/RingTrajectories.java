package ringattention.infer;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import ringattention.comm.Communicator;
import ringattention.device.Allocator;
import ringattention.device.Collectives;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.LoadableWeights;

/**
 * The engine of trajectories over the ranks of a ring. Positions are rows of a step, those of one
 * sequence after the other; what does not go into one step goes into the next.
 */
public final class RingTrajectories implements TrajectoryEngine, WeightedEngine {
  private final CachedModel model;
  private final int features; // of a position
  private final int actions;
  private final List<CachedTail> tails;

  /**
   * Collective over the ring. Weights are undefined until they are set.
   *
   * @param ring the ranks that hold a cache together
   * @param collectives of the same ranks
   * @param allocator backed by the device
   * @param most positions of a sequence
   * @throws IllegalStateException if the cache has no room for these sequences
   */
  RingTrajectories(
      EngineShape shape,
      Communicator ring,
      Collectives collectives,
      Device device,
      Allocator allocator,
      PhaseTimer timer,
      int sequences,
      int most) {
    this.model = new CachedModel(shape, ring, collectives, device, allocator, timer);
    this.features = shape.model().features();
    this.actions = shape.model().outputs();
    this.tails =
        Stream.generate(() -> new CachedTail(most, shape.tail(), ring.rank(), model.ranges()))
            .limit(sequences)
            .toList();
  }

  @Override
  public LoadableWeights weights() {
    return model.weights();
  }

  /** Makes the cache NaN: what is read and was never written shows. */
  void poison() {
    model.poison();
  }

  @Override
  public int sequences() {
    return tails.size();
  }

  @Override
  public double[][] append(int[] steps, float... numbers) {
    int all = steps.length * tails.size();
    if (steps.length == 0 || numbers.length != all * features) {
      throw new IllegalArgumentException(
          numbers.length + " numbers of " + all + " positions of " + features);
    }
    double[][] last = new double[tails.size()][];
    for (int from = 0; from < all; from += model.shape().rows()) {
      int end = Math.min(all, from + model.shape().rows());
      DecodeStep step = model.step(end - from);
      double[] outputs = step.actions(rows(step.rows(), from, end, steps, numbers));
      for (int at = from; at < end; at++) {
        if (at % steps.length == steps.length - 1) {
          int row = at - from;
          last[at / steps.length] = Arrays.copyOfRange(outputs, row * actions, (row + 1) * actions);
        }
      }
    }
    return last;
  }

  /**
   * Returns positions [from, end) of all sequences one after the other. Those of one sequence see
   * what was there before together, so that a kernel reads it once for all of them.
   */
  private StepRows rows(int room, int from, int end, int[] steps, float... numbers) {
    StepRows rows = new StepRows(room, features);
    int at = from;
    while (at < end) {
      CachedTail tail = tails.get(at / steps.length);
      int next = Math.min(end, (at / steps.length + 1) * steps.length);
      int earlier = tail.tokens();
      tail.see(rows, at - from, next - from);
      for (; at < next; at++) {
        rows.features(numbers, at * features);
        tail.rowBehind(earlier, rows, steps[at % steps.length], tail.tokens());
      }
    }
    return rows;
  }

  @Override
  public void clear() {
    tails.forEach(tail -> tail.cut(0));
  }

  @Override
  public void close() {
    model.close();
  }
}
