package ringattention.evaluate.rollout;

import java.util.Arrays;
import ringattention.random.Seed;

/**
 * Makes actions of a model's outputs: their hyperbolic tangents, or of choices 1 at the largest and
 * 0 elsewhere, as environments record them. Noise is a function of seed, trial, step and place.
 *
 * @param discrete whether one of several is chosen
 * @param sampled whether choices are drawn in proportion to their outputs, as far as these are
 *     positive: squared error learns how often each was done
 * @param noise share of choices that are drawn, all alike; else the deviation of normal numbers
 *     that are added
 */
record Actions(boolean discrete, boolean sampled, double noise) {
  private static final int DRAWS = 2; // numbers that an element may need

  /**
   * Writes the action of one sequence.
   *
   * @param outputs [actions]
   * @param numbers of its trial
   * @param into [sequences, actions], of which this is one
   */
  void write(double[] outputs, Seed numbers, int step, float[] into, int sequence) {
    int size = outputs.length;
    int from = sequence * size;
    long first = (long) step * DRAWS * (size + 1L);
    if (discrete) {
      Arrays.fill(into, from, from + size, 0);
      into[from + choice(outputs, numbers, first)] = 1;
      return;
    }
    for (int i = 0; i < size; i++) {
      double action = StrictMath.tanh(outputs[i]); // hosts of one job have the same bits
      if (noise > 0) {
        action += noise * normal(numbers, first + (long) DRAWS * i);
      }
      into[from + i] = (float) Math.max(-1, Math.min(1, action));
    }
  }

  private int choice(double[] outputs, Seed numbers, long first) {
    if (noise > 0 && numbers.uniform(first) <= noise) {
      return (int) Long.remainderUnsigned(numbers.bits(first + 1), outputs.length);
    }
    return sampled ? drawn(outputs, numbers.uniform(first + 2)) : largest(outputs);
  }

  /** Draws in proportion to the outputs that are positive; where none is, takes the largest. */
  private static int drawn(double[] outputs, double uniform) {
    double[] shares =
        Arrays.stream(outputs).map(value -> Math.max(0, StrictMath.tanh(value))).toArray();
    double left = Arrays.stream(shares).sum() * uniform;
    for (int i = 0; i < shares.length; i++) {
      left -= shares[i];
      if (shares[i] > 0 && left <= 0) {
        return i;
      }
    }
    return largest(outputs);
  }

  /** The tangents of large outputs are all 1: the outputs themselves tell which is largest. */
  private static int largest(double... outputs) {
    int largest = 0;
    for (int i = 1; i < outputs.length; i++) {
      if (outputs[i] > outputs[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  /** Box and Muller's method, the cosine alone. */
  private static double normal(Seed numbers, long index) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(numbers.uniform(index)));
    return radius * StrictMath.cos(2 * Math.PI * numbers.uniform(index + 1));
  }
}
