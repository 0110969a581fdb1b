package ringattention.parallel;

import ringattention.device.DType;

/** Weights on this rank's device that can be set: a part of every one, or all of them whole. */
public interface LoadableWeights {
  /** Returns the element type that exact values come in: the device's sum type. */
  DType type();

  /** Sets all to zero, padding included: what is loaded starts on it. */
  void clear();

  /** Sets all from the seed, and padding to zero. */
  void initialize(long seed, double standardDeviation);

  /**
   * Sets what this rank holds of every weight. Values go through single precision.
   *
   * @param source asked for what this rank holds only, in the order of the model
   */
  void load(ValueSource source);

  /** Loads as {@link #load}, from values of {@link #type}. */
  void loadExactly(StateSource source);
}
