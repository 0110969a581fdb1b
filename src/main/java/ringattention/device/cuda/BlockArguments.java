package ringattention.device.cuda;

import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Tensor;

/** What block attention asks of its arguments, checked once. Every message names the argument. */
final class BlockArguments {
  private static final DType SUM = DType.F32;

  private final BlockShape shape;
  private final DType compute;

  private BlockArguments(BlockShape shape, DType compute) {
    this.shape = shape;
    this.compute = compute;
  }

  /**
   * @param compute the device's type of q, k, v and what is computed of them
   */
  static BlockArguments of(Tensor q, Tensor k, Tensor v, DType compute) {
    BlockArguments arguments = new BlockArguments(BlockShape.of(q, k), compute);
    arguments.requireQueries("q", q, compute);
    arguments.requireKeys("k", k, compute);
    arguments.requireKeys("v", v, compute);
    return arguments;
  }

  BlockShape shape() {
    return shape;
  }

  BlockArguments requireForward(Tensor out, Tensor logSumExp) {
    requireQueries("out", out, compute);
    Require.shape(
        "logSumExp", logSumExp, SUM, shape.queries(), shape.batch(), shape.heads().query());
    return this;
  }

  BlockArguments requireBackward(Tensor dOut, Heads heads, Gradients into) {
    requireQueries("dOut", dOut, compute);
    requireQueries("dq", into.dq(), SUM);
    requireKeys("dk", into.dk(), SUM);
    requireKeys("dv", into.dv(), SUM);
    if (heads.to() > shape.heads().keyValue()) {
      throw new IllegalArgumentException(heads + " of " + shape);
    }
    return this;
  }

  static void requireMerge(
      Tensor total,
      Tensor logSumExp,
      Tensor blockOut,
      Tensor blockLogSumExp,
      Tensor out,
      DType compute) {
    if (out.rank() != 4) {
      throw new IllegalArgumentException(
          "out is " + out + ", not [queries, batch, heads, headSize]");
    }
    Require.shape("out", out, out.dtype() == compute ? compute : SUM, out.shape());
    Require.shape("total", total, total.dtype() == compute ? compute : SUM, out.shape());
    Require.shape("logSumExp", logSumExp, SUM, out.dim(0), out.dim(1), out.dim(2));
    Require.shape("blockOut", blockOut, compute, out.shape());
    Require.shape("blockLogSumExp", blockLogSumExp, SUM, logSumExp.shape());
  }

  private void requireQueries(String name, Tensor tensor, DType dtype) {
    Require.shape(
        name,
        tensor,
        dtype,
        shape.queries(),
        shape.batch(),
        shape.heads().query(),
        shape.heads().size());
  }

  private void requireKeys(String name, Tensor tensor, DType dtype) {
    Require.shape(
        name,
        tensor,
        dtype,
        shape.keys(),
        shape.batch(),
        shape.heads().keyValue(),
        shape.heads().size());
  }
}
