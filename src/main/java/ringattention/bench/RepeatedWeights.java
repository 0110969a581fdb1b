package ringattention.bench;

import java.nio.FloatBuffer;
import ringattention.config.Seed;
import ringattention.parallel.Parameter;
import ringattention.parallel.ValueSource;

/**
 * Weights to measure with: normal numbers, made once and repeated, and ones for norms. Making
 * billions of them would take longer than the steps. A function of seed, name and index, so the
 * same for any number of ranks.
 */
public final class RepeatedWeights implements ValueSource {
  private static final int PERIOD = 1_048_583; // prime: rows of a matrix differ

  private final float[] numbers = new float[PERIOD];

  public RepeatedWeights(long seed, double standardDeviation) {
    Seed normal = Seed.of(seed, "repeated weights");
    for (int i = 0; i < PERIOD; i++) {
      numbers[i] = (float) (standardDeviation * normal.normal(i));
    }
  }

  @Override
  public void read(Parameter parameter, long index, FloatBuffer into) {
    switch (parameter.initial()) {
      case ONES -> {
        while (into.hasRemaining()) {
          into.put(1);
        }
      }
      case NORMAL -> {
        int next = Math.floorMod(parameter.name().hashCode() + index, PERIOD);
        while (into.hasRemaining()) {
          int count = Math.min(into.remaining(), PERIOD - next);
          into.put(numbers, next, count);
          next = 0;
        }
      }
    }
  }
}
