package ringattention.device.cuda;

import ringattention.device.*;

final class CudaBlockAttention implements BlockAttention {
  CudaBlockAttention(CudaDevice device) {}

  long workspaceBytes(BlockShape pair) {
    return 0;
  }

  int causalBlock() {
    return 65536;
  }

  void close() {}

  @Override
  public void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void merge(Tensor out, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void backward(
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

  @Override
  public void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void vanillaBackward(
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
}
