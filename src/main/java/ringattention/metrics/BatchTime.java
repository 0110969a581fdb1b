package ringattention.metrics;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

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
   * Returns the times of a step by the host's clock.
   *
   * @param start nanoseconds, when the step began
   * @param wallS seconds of the step
   * @param ends nanoseconds, when each micro-batch was done
   */
  public static BatchTime of(long start, double wallS, long... ends) {
    double[] seconds = new double[ends.length];
    for (int i = 0; i < ends.length; i++) {
      seconds[i] = (ends[i] - (i == 0 ? start : ends[i - 1])) * 1e-9;
    }
    return new BatchTime(seconds, wallS - (ends[ends.length - 1] - start) * 1e-9);
  }

  /**
   * Returns the seconds of a whole step.
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

  /** Returns in words what was measured of a step of so many micro-batches. */
  public String words(int count) {
    int measured = microBatches.length;
    String each =
        Arrays.stream(microBatches)
            .mapToObj(seconds -> String.format(Locale.ROOT, "%.3f", seconds))
            .collect(Collectors.joining(", "));
    String others = measured == 2 ? "the second stands" : "those after the first stand";
    return String.format(
        Locale.ROOT,
        "micro-batches measured: %d of %d, %s s, and the update, %.3f s%s",
        measured,
        count,
        each,
        update,
        count > measured ? "; " + others + " for the other " + (count - measured) : "");
  }

  /** Mean of those after the first. */
  private double other() {
    return Arrays.stream(microBatches, 1, microBatches.length).average().orElseThrow();
  }
}
