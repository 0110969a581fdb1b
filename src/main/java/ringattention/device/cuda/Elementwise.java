package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToDevice;

import ringattention.device.DType;
import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** Launches elementwise.cu, normal.cu, swiglu.cu and adamw.cu. */
final class Elementwise {
  private static final int THREADS = 256;
  private static final int FEW_TENSORS = 4; // packs of a thread, PACKS of elementwise.cu
  private static final int MANY_TENSORS = 2; // PACKS of swiglu.cu and adamw.cu

  private final CudaDevice device;

  Elementwise(CudaDevice device) {
    this.device = device;
  }

  void fill(Tensor to, float value) {
    Pack pack = Pack.of(to);
    device
        .kernel("elementwise", pack.kernel("fill", to.dtype()))
        .launch(
            blocks(to, pack, FEW_TENSORS),
            THREADS,
            to.address(),
            Kernel.word(value),
            to.elements());
  }

  void copy(Tensor from, Tensor to) {
    if (from.dtype() == to.dtype()) {
      Cuda.check(
          cudaMemcpyAsync(
              Cuda.address(to.address()),
              Cuda.address(from.address()),
              to.bytes(),
              cudaMemcpyDeviceToDevice,
              device.stream().handle()),
          "copy on the GPU");
      return;
    }
    Pack pack = Pack.of(to, from);
    device
        .kernel("elementwise", pack.kernel("convert", to.dtype(), from.dtype()))
        .launch(
            blocks(to, pack, FEW_TENSORS), THREADS, to.address(), from.address(), to.elements());
  }

  void add(Tensor to, Tensor from) {
    Pack pack = Pack.of(to, from);
    device
        .kernel("elementwise", pack.kernel("add", to.dtype(), from.dtype()))
        .launch(
            blocks(to, pack, FEW_TENSORS), THREADS, to.address(), from.address(), to.elements());
  }

  void normal(Tensor to, long stream, long first, double standardDeviation) {
    device
        .kernel("normal", "normal")
        .launch(
            Pack.ceil(to.elements(), THREADS),
            THREADS,
            to.address(),
            stream,
            first,
            Kernel.word(standardDeviation),
            to.elements());
  }

  void swiGlu(Tensor gate, Tensor up, Tensor out) {
    Pack pack = Pack.of(gate, up, out);
    device
        .kernel("swiglu", pack.kernel("swiGlu", out.dtype()))
        .launch(
            blocks(out, pack, MANY_TENSORS),
            THREADS,
            gate.address(),
            up.address(),
            out.address(),
            out.elements());
  }

  void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    Pack pack = Pack.of(gate, up, dOut, dGate, dUp);
    device
        .kernel("swiglu", pack.kernel("swiGluBackward", dOut.dtype()))
        .launch(
            blocks(dOut, pack, MANY_TENSORS),
            THREADS,
            gate.address(),
            up.address(),
            dOut.address(),
            dGate.address(),
            dUp.address(),
            dOut.elements());
  }

  void adamW(Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, Kernels.AdamW s) {
    Pack pack = Pack.of(weight, momentum, variance, gradient);
    device
        .kernel("adamw", pack.kernel("adamW", DType.F32))
        .launch(
            blocks(weight, pack, MANY_TENSORS),
            THREADS,
            weight.address(),
            momentum.address(),
            variance.address(),
            gradient.address(),
            weight.elements(),
            Kernel.word((float) s.learningRate()),
            Kernel.word((float) s.beta1()),
            Kernel.word((float) (1 - s.beta1())),
            Kernel.word((float) s.beta2()),
            Kernel.word((float) (1 - s.beta2())),
            Kernel.word((float) s.epsilon()),
            Kernel.word((float) s.weightDecay()),
            Kernel.word((float) (1 / (1 - Math.pow(s.beta1(), s.step())))),
            Kernel.word((float) (1 / (1 - Math.pow(s.beta2(), s.step())))),
            Kernel.word((float) s.gradientScale()));
  }

  private static long blocks(Tensor tensor, Pack pack, int packs) {
    return Pack.ceil(tensor.elements(), (long) THREADS * packs * pack.elements());
  }
}
