package ringattention.device.cuda;

import ringattention.device.DType;
import ringattention.device.HeadCopy;
import ringattention.device.Kernels;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;

/**
 * The kernels of a GPU: checks arguments once, then hands on. All give the same bits for the same
 * arguments on the same model of GPU.
 */
final class CudaKernels implements Kernels {
  /** Bytes of parts of sums, one kernel's after the other's; held until {@link #close}. */
  static final long SCRATCH = 8 << 20;

  private static final long MOST_COLUMNS = 1 << 30; // counted in 32 bits, with room for a stride

  private final CudaDevice device;
  private final CudaMemory scratch;
  private final Elementwise elementwise;
  private final Bias bias;
  private final RmsNorm rmsNorm;
  private final Rotary rotary;
  private final Heads heads;
  private final Vocabulary vocabulary;
  private final SquaredError squaredError;
  private final Reductions reductions;

  CudaKernels(CudaDevice device) {
    this.device = device;
    this.scratch = device.allocate(SCRATCH);
    this.elementwise = new Elementwise(device);
    this.bias = new Bias(device, scratch);
    this.rmsNorm = new RmsNorm(device, scratch);
    this.rotary = new Rotary(device);
    this.heads = new Heads(device);
    this.vocabulary = new Vocabulary(device, scratch);
    this.squaredError = new SquaredError(device, scratch);
    this.reductions = new Reductions(device, scratch);
  }

  void close() {
    scratch.close();
  }

  @Override
  public void fill(Tensor to, double value) {
    Require.floats("to", to);
    elementwise.fill(to, (float) value);
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    Require.floats("from", from);
    Require.floats("to", to);
    Require.elements("to", to, to.dtype(), from.elements());
    elementwise.copy(from, to);
  }

  @Override
  public void add(Tensor to, Tensor from) {
    Require.floats("to", to);
    Require.floats("from", from);
    Require.elements("from", from, from.dtype(), to.elements());
    elementwise.add(to, from);
  }

  @Override
  public void normal(Tensor to, long stream, long first, double standardDeviation) {
    Require.type("to", to, device.sum());
    elementwise.normal(to, stream, first, standardDeviation);
  }

  @Override
  public void copyHeads(Tensor from, int fromHead, Tensor to, int toHead, int count) {
    Require.floats("from", from);
    Require.floats("to", to);
    HeadCopy copy = HeadCopy.of(from, fromHead, to, toHead, count);
    Require.length("heads x headSize", copy.length(), MOST_COLUMNS);
    heads.copy(from, to, copy);
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
    Require.type("a", a, device.compute());
    Require.type("b", b, device.compute());
    Require.type("c", c, c.dtype() == device.sum() ? device.sum() : device.compute());
    MatrixProduct product = MatrixProduct.of(a, transposeA, b, transposeB, c);
    if (c.elements() == 0) {
      return;
    }
    if (product.k() > 0) {
      product.run(device.cublas(), accumulate ? 1 : 0);
    } else if (!accumulate) {
      elementwise.fill(c, 0);
    }
  }

  @Override
  public void addBias(Tensor x, Tensor added) {
    Require.type("x", x, device.compute());
    int width = Require.length("width", Require.columns(x), MOST_COLUMNS);
    Require.shape("bias", added, x.dtype(), width);
    bias.add(x, added);
  }

  @Override
  public void addBiasBackward(Tensor dX, Tensor dBias) {
    Require.type("dX", dX, device.compute());
    int width = Require.length("width", Require.columns(dX), RmsNorm.mostHidden(SCRATCH));
    Require.shape("dBias", dBias, device.sum(), width);
    bias.backward(dX, dBias);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out) {
    Require.type("x", x, device.compute());
    int hidden = Require.length("hidden", Require.columns(x), MOST_COLUMNS);
    Require.shape("weight", weight, x.dtype(), hidden);
    Require.elements("out", out, x.dtype(), x.elements());
    rmsNorm.forward(x, weight, (float) epsilon, out);
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor weight, double epsilon, Tensor dOut, Tensor dx, Tensor dWeight) {
    Require.type("x", x, device.compute());
    int hidden = Require.length("hidden", Require.columns(x), RmsNorm.mostHidden(SCRATCH));
    Require.shape("weight", weight, x.dtype(), hidden);
    Require.elements("dOut", dOut, x.dtype(), x.elements());
    Require.elements("dx", dx, x.dtype(), x.elements());
    Require.shape("dWeight", dWeight, device.sum(), hidden);
    rmsNorm.backward(x, weight, (float) epsilon, dOut, dx, dWeight);
  }

  @Override
  public void rotate(Tensor x, Tensor positions, RotaryTable table, boolean inverse) {
    Require.floats("x", x);
    if (x.rank() != 4 || x.dim(3) % 2 != 0) {
      throw new IllegalArgumentException(
          "x is " + x + ", not [sequence, batch, heads, an even headSize]");
    }
    Require.length("headSize", x.dim(3), Rotary.MOST_HEAD_SIZE);
    Require.elements("positions", positions, DType.I32, x.dim(0));
    Require.elements("frequencies", table.frequencies(), DType.F64, x.dim(3) / 2);
    rotary.rotate(x, positions, table, inverse);
  }

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor out) {
    Require.type("gate", gate, device.compute());
    Require.elements("up", up, gate.dtype(), gate.elements());
    Require.elements("out", out, gate.dtype(), gate.elements());
    elementwise.swiGlu(gate, up, out);
  }

  @Override
  public void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    Require.type("gate", gate, device.compute());
    Require.elements("up", up, gate.dtype(), gate.elements());
    Require.elements("dOut", dOut, gate.dtype(), gate.elements());
    Require.elements("dGate", dGate, gate.dtype(), gate.elements());
    Require.elements("dUp", dUp, gate.dtype(), gate.elements());
    elementwise.swiGluBackward(gate, up, dOut, dGate, dUp);
  }

  @Override
  public void embed(Tensor tokens, Tensor table, Tensor out) {
    Require.type("table", table, device.compute());
    requireVocabulary("table", table);
    Require.elements("tokens", tokens, DType.I32, Require.rows(out));
    Require.elements("out", out, table.dtype(), tokens.elements() * Require.columns(table));
    vocabulary.embed(tokens, table, out);
  }

  @Override
  public void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable) {
    Require.type("dOut", dOut, device.compute());
    Require.type("dTable", dTable, device.sum());
    requireVocabulary("dTable", dTable);
    Require.elements("tokens", tokens, DType.I32, Require.rows(dOut));
    Require.elements("dOut", dOut, dOut.dtype(), tokens.elements() * Require.columns(dTable));
    vocabulary.embedBackward(tokens, dOut, dTable);
  }

  private static void requireVocabulary(String name, Tensor table) {
    Require.length("vocabulary of " + name, Require.rows(table), MOST_COLUMNS);
    Require.length("hidden of " + name, Require.columns(table), MOST_COLUMNS);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, double scale, Tensor lossSum) {
    Require.type("logits", logits, device.compute());
    Require.length("vocabulary", Require.columns(logits), MOST_COLUMNS);
    Require.elements("labels", labels, DType.I32, Require.rows(logits));
    Require.elements("lossSum", lossSum, device.sum(), 1);
    vocabulary.crossEntropy(logits, labels, (float) scale, lossSum);
  }

  @Override
  public void labelLosses(Tensor logits, Tensor labels, Tensor losses) {
    Require.type("logits", logits, device.compute());
    Require.length("vocabulary", Require.columns(logits), MOST_COLUMNS);
    Require.elements("labels", labels, DType.I32, Require.rows(logits));
    Require.elements("losses", losses, device.sum(), 2 * Require.rows(logits));
    vocabulary.labelLosses(logits, labels, losses);
  }

  @Override
  public void squaredError(Tensor z, Tensor targets, Tensor labels, double scale, Tensor lossSum) {
    requireActions(z, targets, labels);
    Require.elements("lossSum", lossSum, device.sum(), 1);
    squaredError.lossAndGradient(z, targets, labels, (float) scale, lossSum);
  }

  @Override
  public void labelErrors(Tensor z, Tensor targets, Tensor labels, Tensor losses) {
    requireActions(z, targets, labels);
    Require.elements("losses", losses, device.sum(), 2 * Require.rows(z));
    squaredError.labelErrors(z, targets, labels, losses);
  }

  private void requireActions(Tensor z, Tensor targets, Tensor labels) {
    Require.type("z", z, device.compute());
    Require.length("actions", Require.columns(z), MOST_COLUMNS);
    Require.elements("targets", targets, device.sum(), z.elements());
    Require.elements("labels", labels, DType.I32, Require.rows(z));
  }

  @Override
  public double sumOfSquares(Tensor x) {
    Require.floats("x", x);
    return reductions.sumOfSquares(x);
  }

  @Override
  public long firstNonFinite(Tensor x) {
    Require.floats("x", x);
    return reductions.firstNonFinite(x);
  }

  @Override
  public void adamW(
      Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, AdamW settings) {
    Require.type("weight", weight, device.sum());
    Require.elements("momentum", momentum, device.sum(), weight.elements());
    Require.elements("variance", variance, device.sum(), weight.elements());
    Require.elements("gradient", gradient, device.sum(), weight.elements());
    elementwise.adamW(weight, momentum, variance, gradient, settings);
  }
}
