package ringattention.device.cuda;

import ringattention.device.*;

final class CudaKernels implements Kernels {
  CudaKernels(CudaDevice device) {}

  long workspaceBytes() {
    return 0;
  }

  void close() {}

  @Override
  public void fill(Tensor to, double value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void add(Tensor to, Tensor from) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void scale(Tensor to, double factor) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor weight, double epsilon, Tensor dOut, Tensor dx, Tensor dWeight) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void rotate(Tensor x, Tensor positions, double theta, boolean inverse) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void embed(Tensor tokens, Tensor table, Tensor out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, double scale, Tensor lossSum) {
    throw new UnsupportedOperationException();
  }

  @Override
  public double sumOfSquares(Tensor x) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long firstNonFinite(Tensor x) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void adamW(
      Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, AdamW settings) {
    throw new UnsupportedOperationException();
  }
}
