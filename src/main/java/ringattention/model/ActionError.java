package ringattention.model;

import static ringattention.model.TokenBlocks.rows;

import ringattention.device.Kernels;
import ringattention.device.Tensor;

/**
 * Squared error of the actions that are taken, the hyperbolic tangents of the outputs, with those
 * of the batch: the mean over the numbers of an action. Nothing is hit.
 */
final class ActionError implements Loss {
  private final Kernels kernels;
  private final Activations activations;

  ActionError(Kernels kernels, Activations activations) {
    this.kernels = kernels;
    this.activations = activations;
  }

  @Override
  public void lossAndGradient(Tensor outputs, int from, int to, double scale) {
    kernels.squaredError(outputs, targets(from, to), labels(from, to), scale, activations.loss());
  }

  @Override
  public void labelLosses(Tensor outputs, int from, int to, Tensor losses) {
    kernels.labelErrors(outputs, targets(from, to), labels(from, to), losses);
  }

  private Tensor targets(int from, int to) {
    return rows(activations.targets(), from, to);
  }

  private Tensor labels(int from, int to) {
    Tensor cut = activations.labels().slice(from, to);
    return cut.view(cut.elements());
  }
}
