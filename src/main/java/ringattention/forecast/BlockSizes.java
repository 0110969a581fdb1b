package ringattention.forecast;

import ringattention.device.DType;
import ringattention.model.ModelConfig;

/**
 * Weights of the products of a block, and elements of its activations, as doubles, since their
 * products pass 2^63.
 *
 * @param rows tokens of all sequences that a rank takes at a time
 */
record BlockSizes(ModelConfig model, double rows) {
  double attentionWeights() {
    return keyWeights() + outputWeights();
  }

  /** Returns the weights of the query, key and value products. */
  double keyWeights() {
    return (double) model.hidden()
        * (model.heads().queryWidth() + 2 * model.heads().keyValueWidth());
  }

  /** Returns the weights of products that are there once more for the gradients of their norms. */
  double normedWeights() {
    double widths = model.heads().queryWidth() + model.heads().keyValueWidth();
    return model.details().queryKeyNorm() ? model.hidden() * widths : 0;
  }

  double outputWeights() {
    return (double) model.hidden() * model.heads().queryWidth();
  }

  /** Returns the weights of one of the three products. */
  double feedForwardWeights() {
    return (double) model.hidden() * model.feedForward();
  }

  double hidden() {
    return rows * model.hidden();
  }

  double wide() {
    return rows * model.feedForward();
  }

  double queries() {
    return rows * model.heads().queryWidth();
  }

  double keys() {
    return rows * model.heads().keyValueWidth();
  }

  /** Attention output and log-sum-exp. */
  double keptBytes() {
    return DType.BF16.bytes() * queries() + DType.F32.bytes() * rows * model.heads().query();
  }
}
