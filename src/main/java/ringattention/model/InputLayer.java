package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/** Makes the input of the first block from the batch that lies on the device. */
interface InputLayer {
  /** Returns the layer of a model. */
  static InputLayer of(Kernels kernels, ModelConfig model, Activations activations) {
    return model.trajectories().isPresent()
        ? new StepEmbedding(kernels, activations.tokens(), activations.features())
        : new TokenEmbedding(kernels, activations.tokens());
  }

  /**
   * Writes the input of the first block.
   *
   * @param weights of this layer
   * @param into [tokens * batch, hidden], overwritten
   */
  void forward(Weights weights, Tensor into);

  /**
   * Adds the gradients of this layer's weights.
   *
   * @param gradients of this layer, added to
   * @param gradient of what {@link #forward} has written, [tokens * batch, hidden]
   */
  void backward(Weights gradients, Tensor gradient);
}
