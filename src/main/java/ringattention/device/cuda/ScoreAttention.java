package ringattention.device.cuda;

import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.Mask;
import ringattention.device.Tensor;

/** Attention from matrix products and a softmax over blocks of scores in memory. */
final class ScoreAttention implements AutoCloseable {
  ScoreAttention(CudaDevice device) {}

  long workspaceBytes(BlockShape pair) {
    throw new UnsupportedOperationException();
  }

  void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    throw new UnsupportedOperationException();
  }

  void backward(
      Tensor q,
      Tensor k,
      Tensor v,
      Mask mask,
      Tensor out,
      Tensor logSumExp,
      Tensor dOut,
      Heads heads,
      Gradients into) {
    throw new UnsupportedOperationException();
  }

  void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp) {
    throw new UnsupportedOperationException();
  }

  void vanillaBackward(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor probabilities,
      Tensor dOut,
      Tensor dScores,
      Tensor dq,
      Tensor dk,
      Tensor dv) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
