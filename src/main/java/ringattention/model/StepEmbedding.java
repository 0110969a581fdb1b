package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/**
 * The linear embeddings of return, state, action and reward, and the learned embedding of the step
 * of the episode: x = table[step] + W f. Of the columns of f, those of other kinds of positions are
 * 0, so W is the matrices of the four kinds and their biases side by side ({@link
 * TrajectoryModel}).
 */
final class StepEmbedding implements InputLayer {
  private final Kernels kernels;
  private final Tensor steps; // [tokens * batch]
  private final Tensor features; // [tokens * batch, features]

  /**
   * @param steps I32, [tokens, batch]
   * @param features compute type, [tokens, batch, features]
   */
  StepEmbedding(Kernels kernels, Tensor steps, Tensor features) {
    this.kernels = kernels;
    this.steps = steps.view(steps.elements());
    this.features = features.rows();
  }

  @Override
  public void forward(Weights weights, Tensor into) {
    kernels.embed(steps, weights.get(LlamaParameters.STEP_EMBEDDING), into);
    kernels.matmul(
        features, false, weights.get(LlamaParameters.VALUES_EMBEDDING), true, into, true);
  }

  @Override
  public void backward(Weights gradients, Tensor gradient) {
    kernels.embedBackward(steps, gradient, gradients.get(LlamaParameters.STEP_EMBEDDING));
    kernels.matmul(
        gradient, true, features, false, gradients.get(LlamaParameters.VALUES_EMBEDDING), true);
  }
}
