package ringattention.validate;

import ringattention.device.DType;
import ringattention.device.Device;

/**
 * What a device rounds to.
 *
 * @param compute what matrix products take, and attention's output of one block
 * @param sum in what they add up, and scores and log-sum-exp are computed
 */
record Rounding(DType compute, DType sum) {
  static Rounding of(Device device) {
    return new Rounding(device.compute(), device.sum());
  }

  /** Returns the rounding step of a quantity's residual. */
  double epsilon(Quantity quantity) {
    return quantity == Quantity.LOG_SUM_EXP ? sum.epsilon() : compute.epsilon();
  }

  /** Rounding step of sums, in those of the compute type: 1 where there is one type. */
  double sumStep() {
    return sum.epsilon() / compute.epsilon();
  }
}
