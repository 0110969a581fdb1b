package ringattention.device.cuda;

import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Tensor;
import ringattention.device.cuda.Cublas.Operand;
import ringattention.shard.Mask;

/**
 * Attention by matrix products and softmax: in fp32, for vanilla attention, and where cuDNN has no
 * engine. Methods, shapes and types are those of {@link ringattention.device.BlockAttention}.
 * Scores are computed a tile at a time, in fp32, so that queries x keys of them are never held at
 * once; what the following products take of them has the compute type. Heads of a group add to
 * their keys' gradients one after the other.
 */
final class ScoreAttention implements AutoCloseable {
  private final ScorePasses passes;
  private final DType compute;
  private final ScoreScratch scratch;

  ScoreAttention(CudaDevice device) {
    this(new CudaScorePasses(device), ScoreScratch.of(device.compute()));
  }

  ScoreAttention(ScorePasses passes, ScoreScratch scratch) {
    this.passes = passes;
    this.compute = scratch.compute();
    this.scratch = scratch;
  }

  /** Makes the workspace at least so large now. */
  void reserve(long bytes) {
    passes.workspace(bytes);
  }

  void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    BlockShape shape = BlockShape.of(q, k);
    Heads all = new Heads(0, shape.heads().keyValue());
    for (ScoreTile tile :
        ScoreTiling.cut(shape, mask, all, scratch.tileBytes() / scratch.forwardBytes())) {
      long elements = tile.scratchElements();
      long base = passes.workspace(elements * scratch.forwardBytes());
      Operand scores = tile.scratch(base, DType.F32);
      Operand probabilities =
          compute == DType.F32 ? scores : tile.scratch(base + elements * Float.BYTES, compute);
      score(tile, q, k, scores);
      passes.softmax(tile.rows(mask, tile.keys()), scores, probabilities, tile.values(logSumExp));
      output(tile, probabilities, v, out);
    }
  }

  void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp) {
    BlockShape shape = BlockShape.of(q, k);
    Heads all = new Heads(0, shape.heads().keyValue());
    for (ScoreTile tile : ScoreTiling.cut(shape, mask, all, scratch.tileBytes() / Float.BYTES)) {
      Operand weights = tile.matrices(probabilities);
      Operand scores = inFp32(tile, weights);
      score(tile, q, k, scores);
      passes.softmax(tile.rows(mask, shape.keys()), scores, weights, tile.values(logSumExp));
      output(tile, weights, v, out);
    }
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
    BlockShape shape = BlockShape.of(q, k);
    if (!into.addQuery()) {
      int group = shape.heads().group();
      clear(into.dq(), new Heads(group * heads.from(), group * heads.to()));
    }
    if (!into.addKeyValue()) {
      clear(into.dk(), heads);
      clear(into.dv(), heads);
    }
    if (shape.keys() == 0) {
      return;
    }
    for (ScoreTile tile :
        ScoreTiling.cut(shape, mask, heads, scratch.tileBytes() / scratch.backwardBytes())) {
      long elements = tile.scratchElements();
      long base = passes.workspace(elements * scratch.backwardBytes());
      Operand scores = tile.scratch(base, DType.F32);
      Operand dProbabilities = tile.scratch(base + elements * Float.BYTES, DType.F32);
      Operand probabilities = scores;
      Operand dScores = dProbabilities;
      if (compute != DType.F32) {
        long behind = base + elements * 2 * Float.BYTES;
        probabilities = tile.scratch(behind, compute);
        dScores = tile.scratch(behind + elements * compute.bytes(), compute);
      }
      score(tile, q, k, scores);
      dProbabilities(tile, dOut, v, dProbabilities);
      passes.gradient(
          tile.rows(mask, tile.keys()),
          scores,
          dProbabilities,
          probabilities,
          dScores,
          tile.values(logSumExp),
          tile.queryVectors(out),
          tile.queryVectors(dOut),
          shape.heads().size());
      gradients(tile, q, k, dOut, probabilities, dScores, into.dq(), into.dk(), into.dv());
    }
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
    BlockShape shape = BlockShape.of(q, k);
    if (shape.keys() == 0) {
      return;
    }
    Heads all = new Heads(0, shape.heads().keyValue());
    for (ScoreTile tile :
        ScoreTiling.cut(shape, Mask.FULL, all, scratch.tileBytes() / Float.BYTES)) {
      Operand weights = tile.matrices(probabilities);
      Operand gradient = tile.matrices(dScores);
      Operand dProbabilities = inFp32(tile, gradient);
      dProbabilities(tile, dOut, v, dProbabilities);
      passes.vanillaGradient(tile.rows(Mask.FULL, shape.keys()), weights, dProbabilities, gradient);
      gradients(tile, q, k, dOut, weights, gradient, dq, dk, dv);
    }
  }

  /** Where fp32 scores of a tile go before they become what they are kept as. */
  private Operand inFp32(ScoreTile tile, Operand kept) {
    return kept.dtype() == DType.F32
        ? kept
        : tile.scratch(passes.workspace(tile.scratchElements() * Float.BYTES), DType.F32);
  }

  /** S = scale q k^T, [queries, keys] of each head. */
  private void score(ScoreTile tile, Tensor q, Tensor k, Operand scores) {
    if (tile.keys() > 0) {
      Operand keys = tile.keyVectors(k).transpose();
      overKeys(tile, tile.queryVectors(q), keys, scores, tile.shape().heads().scale());
    }
  }

  /** dP = dO v^T. */
  private void dProbabilities(ScoreTile tile, Tensor dOut, Tensor v, Operand into) {
    overKeys(tile, tile.queryVectors(dOut), tile.keyVectors(v).transpose(), into, 1);
  }

  private void overKeys(
      ScoreTile tile, Operand queries, Operand keys, Operand scores, float scale) {
    passes.product(
        queries,
        keys,
        scores,
        tile.queries(),
        tile.keys(),
        tile.shape().heads().size(),
        scale,
        0,
        tile.heads());
  }

  /** out = P v; zeros where there are no keys. */
  private void output(ScoreTile tile, Operand probabilities, Tensor v, Tensor out) {
    int headSize = tile.shape().heads().size();
    Operand to = tile.queryVectors(out);
    if (tile.keys() == 0) {
      passes.clear(to, tile.queries(), (long) tile.heads() * headSize);
    } else {
      overHeads(tile, probabilities, tile.keyVectors(v), to, 1, 0);
    }
  }

  /** [queries, keys] x [keys, headSize] of each head. */
  private void overHeads(
      ScoreTile tile, Operand weights, Operand keys, Operand to, float alpha, float beta) {
    passes.product(
        weights,
        keys,
        to,
        tile.queries(),
        tile.shape().heads().size(),
        tile.keys(),
        alpha,
        beta,
        tile.heads());
  }

  /** dq += scale dS k, dk += scale dS^T q, dv += P^T dO. */
  private void gradients(
      ScoreTile tile,
      Tensor q,
      Tensor k,
      Tensor dOut,
      Operand probabilities,
      Operand dScores,
      Tensor dq,
      Tensor dk,
      Tensor dv) {
    float scale = tile.shape().heads().scale();
    overHeads(tile, dScores, tile.keyVectors(k), tile.queryVectors(dq), scale, 1);
    addToKeys(tile, dScores, tile.queryVectors(q), tile.keyVectors(dk), scale);
    addToKeys(tile, probabilities, tile.queryVectors(dOut), tile.keyVectors(dv), 1);
  }

  /** [queries, keys]^T x [queries, headSize] of each head, added to its key/value head. */
  private void addToKeys(
      ScoreTile tile, Operand weights, Operand vectors, Operand to, float scale) {
    int headSize = tile.shape().heads().size();
    int products = tile.shared() ? tile.heads() : 1;
    for (int head = 0; head < products; head++) {
      passes.product(
          weights.moved(head * weights.batchStride()).transpose(),
          vectors.moved(head * vectors.batchStride()),
          to,
          tile.keys(),
          headSize,
          tile.queries(),
          scale,
          1,
          tile.heads() / products);
    }
  }

  /** Zeroes some heads of [tokens, batch, heads, headSize]. */
  void clear(Tensor gradient, Heads heads) {
    long rows = gradient.dim(0) * gradient.dim(1);
    long columns = (heads.to() - heads.from()) * gradient.dim(3);
    if (rows > 0 && columns > 0) {
      long stride = gradient.dim(2) * gradient.dim(3);
      Operand all = new Operand(gradient.address(), gradient.dtype(), stride, false, 0);
      passes.clear(all.moved(heads.from() * gradient.dim(3)), rows, columns);
    }
  }

  @Override
  public void close() {
    passes.close();
  }
}
