package ringattention.device.cpu;

import java.util.Arrays;

/**
 * Cosines and sines of rotary position embedding, times its magnitude. Positions are cut into a
 * coarse part and one of 256 fine steps, whose angles are added by the addition theorem in double
 * precision: a sine costs 50 ns, and there is one for each position and pair of elements.
 */
final class Rotations {
  private static final int FINE = 256;

  private int pairs;
  private double[] frequencies = {};
  private double magnitude;
  private double[] fineCosines; // [FINE, pairs]
  private double[] fineSines;
  private double[] coarseCosines; // [pairs]
  private double[] coarseSines;
  private int coarse;

  /**
   * Tables for these frequencies; kept until they change.
   *
   * @param newFrequencies radians per position, one for each pair
   * @param newMagnitude of cosines and sines
   */
  void prepare(double[] newFrequencies, double newMagnitude) {
    if (Arrays.equals(newFrequencies, frequencies) && newMagnitude == magnitude) {
      return;
    }
    frequencies = newFrequencies.clone();
    magnitude = newMagnitude;
    pairs = frequencies.length;
    fineCosines = new double[FINE * pairs];
    fineSines = new double[FINE * pairs];
    coarseCosines = new double[pairs];
    coarseSines = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      for (int step = 0; step < FINE; step++) {
        fineCosines[step * pairs + i] = StrictMath.cos(step * frequencies[i]);
        fineSines[step * pairs + i] = StrictMath.sin(step * frequencies[i]);
      }
    }
    turnTo(0);
  }

  /** Cosine and sine of the angles of a position, times the magnitude, one for each pair. */
  void angles(int position, float[] cosines, float[] sines) {
    if (Math.floorDiv(position, FINE) != coarse) {
      turnTo(Math.floorDiv(position, FINE));
    }
    int fine = Math.floorMod(position, FINE) * pairs;
    for (int i = 0; i < pairs; i++) {
      cosines[i] =
          (float) (coarseCosines[i] * fineCosines[fine + i] - coarseSines[i] * fineSines[fine + i]);
      sines[i] =
          (float) (coarseSines[i] * fineCosines[fine + i] + coarseCosines[i] * fineSines[fine + i]);
    }
  }

  private void turnTo(int newCoarse) {
    coarse = newCoarse;
    for (int i = 0; i < pairs; i++) {
      coarseCosines[i] = magnitude * StrictMath.cos((double) coarse * FINE * frequencies[i]);
      coarseSines[i] = magnitude * StrictMath.sin((double) coarse * FINE * frequencies[i]);
    }
  }
}
