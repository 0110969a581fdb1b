package ringattention.parallel;

import ringattention.config.Seed;

/**
 * Initial weights as a pure function of (seed, parameter name, element index): the same for any
 * number of ranks, and any rank can make its part alone.
 */
record InitialWeights(long seed, double standardDeviation) {
  /** Elements index to index + count of a parameter. */
  double[] values(Parameter parameter, long index, int count) {
    double[] values = new double[count];
    Seed numbers = Seed.of(seed, parameter.name());
    for (int i = 0; i < count; i++) {
      double value =
          switch (parameter.initial()) {
            case ONES -> 1;
            case NORMAL -> standardDeviation * numbers.normal(index + i);
          };
      values[i] = (float) value; // what every device can hold, so that all start alike
    }
    return values;
  }
}
