package ringattention.metrics;

import java.util.Arrays;

/**
 * Time of a step over many micro-batches, from the first few of them. The first one starts the sums
 * of the gradients, so it counts once, as does the update; the mean of the others stands for all
 * others.
 *
 * @param microBatches seconds of each that was measured, in their order
 * @param update seconds of what follows the last: norm of the gradients and AdamW
 */
public record BatchTime(double[] microBatches, double update) {
  public BatchTime {
    if (microBatches.length == 0) {
      throw new IllegalArgumentException("no micro-batch was measured");
    }
  }

  /**
   * Of a whole step.
   *
   * @param count its micro-batches, those measured included
   * @throws IllegalArgumentException if more were measured, or none that could stand for the others
   */
  public double seconds(int count) {
    int measured = microBatches.length;
    if (count < measured || measured == 1 && count > 1) {
      throw new IllegalArgumentException(measured + " of " + count + " micro-batches");
    }
    return microBatches[0] + (count > 1 ? (count - 1) * other() : 0) + update;
  }

  /** Mean of those after the first. */
  private double other() {
    return Arrays.stream(microBatches, 1, microBatches.length).average().orElseThrow();
  }
}
