package ringattention.validate;

import ringattention.model.ModelConfig;

/**
 * How large a scaled residual may be where only rounding is at work. Derived in {@code
 * validation/compare.md}.
 */
final class Thresholds {
  /** Error of the ring over that of one call on one device, both against float64. */
  private static final double RING_TO_ONE_CALL = 1.5;

  /** Largest error relative to the largest element, where everything is computed in float32. */
  static final double FLOAT32_RELATIVE = 1e-5;

  private final Rounding precision;

  Thresholds(Rounding precision) {
    this.precision = precision;
  }

  /**
   * Returns the root mean square error below which a ratio says nothing: one rounding step of the
   * sum type, in steps of the compute type. A merge adds such a rounding or two, however few those
   * of one call are.
   */
  double ratioFloor() {
    return precision.sumStep();
  }

  /** Returns the largest ratio of two errors over so many elements, by which both scatter. */
  static double largestRatio(int elements) {
    return RING_TO_ONE_CALL * (1 + 3 / Math.sqrt(elements));
  }

  /**
   * Returns the smallest ratio: sums over the blocks of so many ranks are shorter than those of one
   * call, and their random walks with them, but not without error.
   */
  static double leastRatio(int ranks) {
    return 0.1 / Math.sqrt(ranks);
  }

  /** Returns the threshold of a quantity of attention. */
  double attention(Quantity quantity, int headSize) {
    return switch (quantity) {
      case OUT, ROW_SUM -> attentionOutput(headSize);
      case LOG_SUM_EXP -> logSumExp(headSize);
      case QUERY_GRADIENT, KEY_GRADIENT, VALUE_GRADIENT -> attentionGradient(headSize);
    };
  }

  /**
   * For O: three standard deviations of a score's rounding error, and a few roundings behind it to
   * the compute type.
   */
  double attentionOutput(int headSize) {
    return score(headSize) * precision.sumStep() + 4;
  }

  /** Returns {@link #attentionOutput} for what never leaves the sum type, in that type's steps. */
  static double logSumExp(int headSize) {
    return score(headSize) + 4;
  }

  /**
   * For dQ, dK, dV: the score, the probability's gradient and its row sum each bring an error like
   * the output's.
   */
  double attentionGradient(int headSize) {
    return 4 * attentionOutput(headSize);
  }

  /** For the loss: a mean of many tokens, each with the error of the layers below. */
  double loss(ModelConfig model) {
    return model.layers() * attentionOutput(model.hidden());
  }

  /** For gradients of parameters: the errors of all layers, forward and backward. */
  double parameterGradient(ModelConfig model) {
    return 2 * model.layers() * attentionGradient(model.hidden());
  }

  private static double score(int terms) {
    return 3 * Math.sqrt(terms / 2.0);
  }
}
