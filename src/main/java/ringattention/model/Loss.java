package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;

/**
 * What the outputs of a model are compared with, and how: one block of positions at a time, of the
 * batch that lies on the device.
 */
interface Loss {
  /** Returns the loss of a model. */
  static Loss of(Kernels kernels, ModelConfig model, Activations activations) {
    return model.trajectories().isPresent()
        ? new ActionError(kernels, activations)
        : new CrossEntropy(kernels, activations);
  }

  /**
   * Adds the losses of a block to the sum of losses and replaces its outputs by their gradient,
   * zero where nothing counts.
   *
   * @param outputs of the head for positions from, ..., to - 1, [(to - from) * batch, outputs]
   * @param scale of the gradient: one over the number of labels that count in the whole batch
   */
  void lossAndGradient(Tensor outputs, int from, int to, double scale);

  /**
   * Writes loss and hit of every label of a block, labels that count nothing with two zeros; leaves
   * the outputs as they are.
   *
   * @param outputs as for {@link #lossAndGradient}
   * @param losses [(to - from) * batch, 2]
   */
  void labelLosses(Tensor outputs, int from, int to, Tensor losses);
}
