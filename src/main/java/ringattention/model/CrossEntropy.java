package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** Softmax cross-entropy of logits with the labels of a batch, in nats. */
final class CrossEntropy implements Loss {
  private final Kernels kernels;
  private final Activations activations;

  CrossEntropy(Kernels kernels, Activations activations) {
    this.kernels = kernels;
    this.activations = activations;
  }

  @Override
  public void lossAndGradient(Tensor logits, int from, int to, double scale) {
    kernels.crossEntropy(logits, labels(logits, from, to), scale, activations.loss());
  }

  @Override
  public void labelLosses(Tensor logits, int from, int to, Tensor losses) {
    kernels.labelLosses(logits, labels(logits, from, to), losses);
  }

  private Tensor labels(Tensor logits, int from, int to) {
    return activations.labels().slice(from, to).view(logits.dim(0));
  }
}
