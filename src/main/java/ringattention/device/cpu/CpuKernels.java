package ringattention.device.cpu;

import java.nio.ByteBuffer;
import ringattention.device.DType;
import ringattention.device.HeadCopy;
import ringattention.device.Kernels;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;

/** The kernels of the CPU: checks arguments once, then hands on. Everything is fp32. */
final class CpuKernels implements Kernels {
  /** Elements below which waking the other threads costs more than it saves. */
  static final long SPLIT = 1 << 15;

  private final Workers workers;
  private final Elementwise elementwise;
  private final Scans scans;
  private final Bias bias;
  private final RmsNorm rmsNorm;
  private final Rotary rotary;
  private final Heads heads;
  private final Vocabulary vocabulary;
  private final SquaredError squaredError;

  CpuKernels(Workers workers) {
    this.workers = workers;
    this.elementwise = new Elementwise(workers);
    this.scans = new Scans(workers);
    this.bias = new Bias(workers);
    this.rmsNorm = new RmsNorm(workers);
    this.rotary = new Rotary(workers);
    this.heads = new Heads(workers);
    this.vocabulary = new Vocabulary(workers);
    this.squaredError = new SquaredError(workers);
  }

  @Override
  public void fill(Tensor to, double value) {
    Require.floats("to", to);
    elementwise.fill(to, (float) value);
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    Require.floats("from", from);
    Require.elements("to", to, from.elements());
    elementwise.copy(from, to);
  }

  @Override
  public void add(Tensor to, Tensor from) {
    Require.floats("to", to);
    Require.elements("from", from, to.elements());
    elementwise.add(to, from);
  }

  @Override
  public void normal(Tensor to, long stream, long first, double standardDeviation) {
    Require.floats("to", to);
    elementwise.normal(to, stream, first, standardDeviation);
  }

  @Override
  public void copyHeads(Tensor from, int fromHead, Tensor to, int toHead, int count) {
    Require.floats("from", from);
    Require.floats("to", to);
    heads.copy(from, to, HeadCopy.of(from, fromHead, to, toHead, count));
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
    Require.floats("a", a);
    Require.floats("b", b);
    Require.floats("c", c);
    MatrixProduct product = MatrixProduct.of(a, transposeA, b, transposeB, c);
    if (product.k() > 0) {
      product.run(workers, accumulate ? 1 : 0);
    } else if (!accumulate) {
      elementwise.fill(c, 0);
    }
  }

  @Override
  public void addBias(Tensor x, Tensor added) {
    Require.floats("x", x);
    Require.floats("bias", added, Require.columns(x));
    bias.add(x, added);
  }

  @Override
  public void addBiasBackward(Tensor dX, Tensor dBias) {
    Require.floats("dX", dX);
    Require.floats("dBias", dBias, Require.columns(dX));
    bias.backward(dX, dBias);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out) {
    Require.floats("x", x);
    Require.floats("weight", weight, Require.columns(x));
    Require.elements("out", out, x.elements());
    rmsNorm.forward(x, weight, epsilon, out);
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor weight, double epsilon, Tensor dOut, Tensor dx, Tensor dWeight) {
    Require.floats("x", x);
    Require.floats("weight", weight, Require.columns(x));
    Require.elements("dOut", dOut, x.elements());
    Require.elements("dx", dx, x.elements());
    Require.floats("dWeight", dWeight, Require.columns(x));
    rmsNorm.backward(x, weight, epsilon, dOut, dx, dWeight);
  }

  @Override
  public void rotate(Tensor x, Tensor positions, RotaryTable table, boolean inverse) {
    Require.floats("x", x);
    if (x.rank() != 4 || x.dim(3) % 2 != 0) {
      throw new IllegalArgumentException(
          "x is " + x + ", not [sequence, batch, heads, an even headSize]");
    }
    Require.integers("positions", positions, x.dim(0));
    Require.doubles("frequencies", table.frequencies(), x.dim(3) / 2);
    double[] frequencies = doubles(table.frequencies());
    rotary.rotate(x, integers(positions), frequencies, table.magnitude(), inverse);
  }

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor out) {
    Require.floats("gate", gate);
    Require.elements("up", up, gate.elements());
    Require.elements("out", out, gate.elements());
    elementwise.swiGlu(gate, up, out);
  }

  @Override
  public void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    Require.floats("gate", gate);
    Require.elements("up", up, gate.elements());
    Require.elements("dOut", dOut, gate.elements());
    Require.elements("dGate", dGate, gate.elements());
    Require.elements("dUp", dUp, gate.elements());
    elementwise.swiGluBackward(gate, up, dOut, dGate, dUp);
  }

  @Override
  public void embed(Tensor tokens, Tensor table, Tensor out) {
    Require.floats("table", table);
    Require.integers("tokens", tokens, Require.rows(out));
    Require.elements("out", out, tokens.elements() * Require.columns(table));
    vocabulary.embed(indices("token", tokens, 0, Require.rows(table)), table, out);
  }

  @Override
  public void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable) {
    Require.floats("dTable", dTable);
    Require.integers("tokens", tokens, Require.rows(dOut));
    Require.elements("dOut", dOut, tokens.elements() * Require.columns(dTable));
    vocabulary.embedBackward(indices("token", tokens, 0, Require.rows(dTable)), dOut, dTable);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, double scale, Tensor lossSum) {
    Require.floats("logits", logits);
    Require.integers("labels", labels, Require.rows(logits));
    Require.elements("lossSum", lossSum, 1);
    vocabulary.crossEntropy(
        logits, indices("label", labels, -1, Require.columns(logits)), scale, lossSum);
  }

  @Override
  public void labelLosses(Tensor logits, Tensor labels, Tensor losses) {
    Require.floats("logits", logits);
    Require.integers("labels", labels, Require.rows(logits));
    Require.elements("losses", losses, 2 * Require.rows(logits));
    vocabulary.labelLosses(logits, indices("label", labels, -1, Require.columns(logits)), losses);
  }

  @Override
  public void squaredError(Tensor z, Tensor targets, Tensor labels, double scale, Tensor lossSum) {
    Require.floats("z", z);
    Require.elements("targets", targets, z.elements());
    Require.integers("labels", labels, Require.rows(z));
    Require.elements("lossSum", lossSum, 1);
    squaredError.lossAndGradient(z, targets, indices("label", labels, -1, 1), scale, lossSum);
  }

  @Override
  public void labelErrors(Tensor z, Tensor targets, Tensor labels, Tensor losses) {
    Require.floats("z", z);
    Require.elements("targets", targets, z.elements());
    Require.integers("labels", labels, Require.rows(z));
    Require.elements("losses", losses, 2 * Require.rows(z));
    squaredError.labelErrors(z, targets, indices("label", labels, -1, 1), losses);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    Require.floats("x", x);
    return scans.sumOfSquares(x);
  }

  @Override
  public long firstNonFinite(Tensor x) {
    Require.floats("x", x);
    return scans.firstNonFinite(x);
  }

  @Override
  public void adamW(
      Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, AdamW settings) {
    Require.floats("weight", weight);
    Require.elements("momentum", momentum, weight.elements());
    Require.elements("variance", variance, weight.elements());
    Require.elements("gradient", gradient, weight.elements());
    elementwise.adamW(weight, momentum, variance, gradient, settings);
  }

  static int[] integers(Tensor tensor) {
    if (tensor.dtype() != DType.I32) {
      throw new IllegalArgumentException(tensor + " is not I32");
    }
    int[] values = new int[Math.toIntExact(tensor.elements())];
    int next = 0;
    for (ByteBuffer piece : tensor.buffers()) {
      int count = piece.remaining() / Integer.BYTES;
      piece.asIntBuffer().get(values, next, count);
      next += count;
    }
    return values;
  }

  private static double[] doubles(Tensor tensor) {
    double[] values = new double[Math.toIntExact(tensor.elements())];
    tensor.buffer().asDoubleBuffer().get(values);
    return values;
  }

  private static int[] indices(String name, Tensor tensor, int least, long end) {
    int[] values = integers(tensor);
    for (int row = 0; row < values.length; row++) {
      if (values[row] < least || values[row] >= end) {
        throw new IllegalArgumentException(
            name
                + " "
                + values[row]
                + " in row "
                + row
                + " is not in ["
                + least
                + ", "
                + end
                + ")");
      }
    }
    return values;
  }
}
