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
   * @param index of the first, counted in the parameter, or the part of it
   * @param to sum type, [elements]
   */
  void set(Kernels kernels, Parameter parameter, long index, Tensor to) {
    parameter.runs(
        index,
        to.elements(),
        (from, length, whole) ->
            setWhole(kernels, parameter, whole, to.slice(from, from + length)));
  }

  private void setWhole(Kernels kernels, Parameter parameter, long index, Tensor to) {
    Parameter.Initial initial = parameter.initial();
    if (initial instanceof Parameter.Constant constant) {
      kernels.fill(to, constant.value());
    } else if (initial instanceof Parameter.Normal normal) {
      double deviation = normal.standardDeviation().orElse(standardDeviation);
      kernels.normal(to, stream(parameter.name()), index, deviation);
    } else if (initial instanceof Parameter.BlocksOf blocks) {
      set(kernels, blocks, parameter.name(), index, to);
    }
  }

  /** A part of a shard may begin and end within a block, and hold many. */
  private void set(Kernels kernels, Parameter.BlocksOf blocks, String name, long index, Tensor to) {
    double deviation = blocks.standardDeviation();
    long others = blocks.blocks() * blocks.block(); // elements
    long done = 0;
    while (done < to.elements() && index + done < others) {
      long within = (index + done) % blocks.block();
      long other = (index + done) / blocks.block() * blocks.stride() + within;
      long count = Math.min(to.elements() - done, blocks.block() - within);
      kernels.normal(to.slice(done, done + count), stream(blocks.parameter()), other, deviation);
      done += count;
    }
    if (done < to.elements()) {
      kernels.normal(to.slice(done, to.elements()), stream(name), index + done, deviation);
    }
  }

  private long stream(String name) {
    return Seed.of(seed, name).stream();
  }
}
