package ringattention.validate;

import ringattention.config.ModelConfig;

/**
 * How large a scaled residual may be where only rounding is at work. Derived in {@code
 * validation/compare.md}.
 */
final class Thresholds {
  private Thresholds() {}

  /**
   * For O and the log-sum-exp: three standard deviations of a score's rounding error, and a few
   * roundings behind it.
   */
  static double attentionOutput(int headSize) {
    return 3 * Math.sqrt(headSize / 2.0) + 4;
  }

  /**
   * For dQ, dK, dV: the score, the probability's gradient and its row sum each bring an error like
   * the score's.
   */
  static double attentionGradient(int headSize) {
    return 4 * attentionOutput(headSize);
  }

  /** For the loss: a mean of many tokens, each with the error of the layers below. */
  static double loss(ModelConfig model) {
    return model.layers() * attentionOutput(model.hidden());
  }

  /** For gradients of parameters: the errors of all layers, forward and backward. */
  static double parameterGradient(ModelConfig model) {
    return 2 * model.layers() * attentionGradient(model.hidden());
  }
}
