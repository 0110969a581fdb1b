package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/** A row of the embedding's table for every token. */
final class TokenEmbedding implements InputLayer {
  private final Kernels kernels;
  private final Tensor tokens; // [tokens * batch]

  /**
   * @param tokens I32, [tokens, batch]
   */
  TokenEmbedding(Kernels kernels, Tensor tokens) {
    this.kernels = kernels;
    this.tokens = tokens.view(tokens.elements());
  }

  @Override
  public void forward(Weights weights, Tensor into) {
    kernels.embed(tokens, weights.get(LlamaParameters.EMBEDDING), into);
  }

  @Override
  public void backward(Weights gradients, Tensor gradient) {
    kernels.embedBackward(tokens, gradient, gradients.get(LlamaParameters.EMBEDDING));
  }
}
