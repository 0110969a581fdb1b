package ringattention.model;

import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/** Makes the input of the first block from the batch that lies on the device. */
interface InputLayer {
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
