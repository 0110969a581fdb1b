package ringattention.environment;

import ringattention.random.Seed;

/** A small network that chooses actions: 16 units of tanh, then tanh for every action. */
final class TanhPolicy {
  private static final int UNITS = 16;

  private final int inputs;
  private final int outputs;
  private final double[] weights; // (units, inputs + 1), then (outputs, units + 1); biases last
  private final double[] units = new double[UNITS];

  private TanhPolicy(int inputs, int outputs, double[] weights) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.weights = weights;
  }

  /** Returns a random one. */
  static TanhPolicy random(Environment environment, double spread, Seed seed) {
    int inputs = environment.observationSize();
    int outputs = environment.actionSize();
    double[] weights = new double[UNITS * (inputs + 1) + outputs * (UNITS + 1)];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = spread * Normal.of(seed, i);
    }
    return new TanhPolicy(inputs, outputs, weights);
  }

  /** Returns one whose weights are a little different. */
  TanhPolicy changed(double by, Seed seed) {
    double[] other = weights.clone();
    for (int i = 0; i < other.length; i++) {
      other[i] += by * Normal.of(seed, i);
    }
    return new TanhPolicy(inputs, outputs, other);
  }

  /** Writes the action of an environment. */
  void act(int environment, float[] observations, float[] actions) {
    int at = 0;
    for (int unit = 0; unit < UNITS; unit++) {
      double sum = weights[at + inputs];
      for (int i = 0; i < inputs; i++) {
        sum += weights[at + i] * observations[environment * inputs + i];
      }
      units[unit] = tanh(sum);
      at += inputs + 1;
    }
    for (int output = 0; output < outputs; output++) {
      double sum = weights[at + UNITS];
      for (int unit = 0; unit < UNITS; unit++) {
        sum += weights[at + unit] * units[unit];
      }
      actions[environment * outputs + output] = (float) tanh(sum);
      at += UNITS + 1;
    }
  }

  /** As good as is needed, in a third of the time of {@link StrictMath}'s. */
  private static double tanh(double x) {
    return 1 - 2 / (StrictMath.exp(2 * x) + 1);
  }
}
