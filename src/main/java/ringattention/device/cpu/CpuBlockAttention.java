package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import ringattention.device.BlockAttention;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/** Block attention on the CPU: checks shapes once, then hands on. Everything is fp32. */
final class CpuBlockAttention implements BlockAttention {
  private final Workers workers;
  private final CpuVanillaAttention vanilla;

  CpuBlockAttention(Workers workers) {
    this.workers = workers;
    this.vanilla = new CpuVanillaAttention(workers);
  }

  @Override
  public void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    AttentionRows shape = AttentionRows.of(q, k, v);
    shape.requireQueries("out", out);
    shape.requireLogSumExp("logSumExp", logSumExp);
    new BlockForward(shape, q, k, v, mask, out, logSumExp).run(workers);
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
    AttentionRows shape = AttentionRows.of(q, k, v);
    shape.requireQueries("out", out);
    shape.requireLogSumExp("logSumExp", logSumExp);
    shape.requireQueries("dOut", dOut);
    shape.requireQueries("dq", into.dq());
    shape.requireKeys("dk", into.dk());
    shape.requireKeys("dv", into.dv());
    if (heads.to() > shape.heads().keyValue()) {
      throw new IllegalArgumentException(heads + " of " + k);
    }
    new BlockBackward(shape, q, k, v, mask, out, logSumExp, dOut, heads, into).run(workers);
  }

  @Override
  public void merge(
      Tensor total, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp, Tensor out) {
    if (out.rank() != 4) {
      throw new IllegalArgumentException(
          "out is " + out + ", not [queries, batch, heads, headSize]");
    }
    Require.floats("out", out);
    Require.floats("total", total, out.shape());
    Require.floats("logSumExp", logSumExp, out.dim(0), out.dim(1), out.dim(2));
    Require.floats("blockOut", blockOut, out.shape());
    Require.floats("blockLogSumExp", blockLogSumExp, logSumExp.shape());
    long rows = logSumExp.elements();
    workers.run(
        out.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          long start = Workers.start(rows, part, parts, 16);
          long end = Workers.start(rows, part + 1, parts, 16);
          mergeRows(worker, start, end, total, logSumExp, blockOut, blockLogSumExp, out);
        });
  }

  private static void mergeRows(
      Worker worker,
      long start,
      long end,
      Tensor total,
      Tensor logSumExp,
      Tensor blockOut,
      Tensor blockLogSumExp,
      Tensor out) {
    int headSize = Require.columns(out);
    float[] sum = worker.row(0, headSize);
    float[] block = worker.row(1, headSize);
    Floats totals = worker.window(0, total);
    Floats blocks = worker.window(1, blockOut);
    Floats logSums = worker.window(2, logSumExp);
    Floats blockLogSums = worker.window(3, blockLogSumExp);
    Floats outs = worker.window(4, out);
    for (long row = start; row < end; row++) {
      long at = row * headSize;
      float logSum = logSums.get(row);
      float blockLogSum = blockLogSums.get(row);
      if (blockLogSum == Float.NEGATIVE_INFINITY) { // the block saw nothing of this query
        totals.get(at, sum, 0, headSize);
        outs.put(at, sum, 0, headSize);
        continue;
      }
      blocks.get(at, block, 0, headSize);
      if (logSum == Float.NEGATIVE_INFINITY) {
        outs.put(at, block, 0, headSize);
        logSums.put(row, blockLogSum);
        continue;
      }
      totals.get(at, sum, 0, headSize);
      double difference = (double) blockLogSum - logSum;
      double small = StrictMath.exp(-Math.abs(difference));
      mergeRow(sum, block, headSize, (float) ((difference > 0 ? 1 : small) / (1 + small)));
      outs.put(at, sum, 0, headSize);
      logSums.put(row, (float) (Math.max(logSum, blockLogSum) + StrictMath.log1p(small)));
    }
  }

  /** total -= weight (total - block). */
  private static void mergeRow(float[] total, float[] block, int n, float weight) {
    for (int i = 0; i < n; i += WIDTH) {
      load(block, i).sub(load(total, i)).fma(all(weight), load(total, i)).intoArray(total, i);
    }
  }

  @Override
  public void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp) {
    AttentionRows shape = AttentionRows.of(q, k, v);
    shape.requireScores("probabilities", probabilities);
    shape.requireQueries("out", out);
    shape.requireLogSumExp("logSumExp", logSumExp);
    vanilla.forward(shape, q, k, v, mask, probabilities, out, logSumExp);
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
    AttentionRows shape = AttentionRows.of(q, k, v);
    shape.requireScores("probabilities", probabilities);
    shape.requireQueries("dOut", dOut);
    shape.requireScores("dScores", dScores);
    shape.requireQueries("dq", dq);
    shape.requireKeys("dk", dk);
    shape.requireKeys("dv", dv);
    vanilla.backward(shape, q, k, v, probabilities, dOut, dScores, dq, dk, dv);
  }
}
