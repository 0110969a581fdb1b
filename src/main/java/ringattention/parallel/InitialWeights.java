package ringattention.parallel;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.random.Seed;

/**
 * Initial weights as a pure function of (seed, parameter name, element index): the same for any
 * number of ranks, and any rank can make its part alone, on its device.
 */
record InitialWeights(long seed, double standardDeviation) {
  /**
   * Sets some elements of a parameter.
   *
   * @param index of the first, counted in the parameter
   * @param to sum type
   */
  void set(Kernels kernels, Parameter parameter, long index, Tensor to) {
    switch (parameter.initial()) {
      case ONES -> kernels.fill(to, 1);
      case ZEROS -> kernels.fill(to, 0);
      case NORMAL ->
          kernels.normal(to, Seed.of(seed, parameter.name()).stream(), index, standardDeviation);
    }
  }
}
