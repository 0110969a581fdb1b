package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cuMemsetD32Async;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;

import java.util.List;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Block attention on a GPU: checks arguments once, does what is empty, and hands on. In bf16 to
 * cuDNN's fused engines; in fp32, for vanilla attention, for less than a tile and for what cuDNN
 * refuses, to products over scores in memory.
 */
final class CudaBlockAttention implements BlockAttention {
  private final CudaDevice device;
  private final AttentionKernels kernels;
  private final ScoreAttention scores;
  private final FusedAttention fused; // null in fp32

  CudaBlockAttention(CudaDevice device) {
    this.device = device;
    this.kernels = new AttentionKernels(device);
    this.scores = new ScoreAttention(device);
    this.fused = device.compute() == DType.BF16 ? new FusedAttention(device, kernels) : null;
  }

  /** Allocates what {@link CudaTraits#workspaceBytes} says of attention. */
  void reserveWorkspace(List<AttentionCall> calls) {
    CudaTraits traits = device.traits();
    if (traits.fusedBytes(calls) > 0) {
      fused.reserve(traits.fusedBytes(calls));
    }
    if (traits.scoreBytes(calls) > 0) {
      scores.reserve(traits.scoreBytes(calls));
    }
  }

  @Override
  public void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    BlockShape pair =
        BlockArguments.of(q, k, v, device.compute()).requireForward(out, logSumExp).shape();
    if (pair.queries() == 0 || pair.keys() == 0) {
      sawNothing(out, logSumExp);
      return;
    }
    if (device.traits().fuses(pair)) {
      try {
        fused.forward(pair, q, k, v, mask, out, logSumExp);
        return;
      } catch (PlanCache.Refusal e) {
        // logged; the scores do it
      }
    }
    scores.forward(q, k, v, mask, out, logSumExp);
  }

  /** Whether cuDNN may be asked at all. */
  boolean hasFused() {
    return fused != null;
  }

  /**
   * Computes the forward without a mask by cuDNN, however small the pair is.
   *
   * @throws PlanCache.Refusal before anything is computed
   */
  void fusedForward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp) {
    BlockShape pair =
        BlockArguments.of(q, k, v, device.compute()).requireForward(out, logSumExp).shape();
    fused.forward(pair, q, k, v, Mask.FULL, out, logSumExp);
  }

  @Override
  public void merge(
      Tensor total, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp, Tensor out) {
    BlockArguments.requireMerge(total, logSumExp, blockOut, blockLogSumExp, out, device.compute());
    kernels.merge(total, logSumExp, blockOut, blockLogSumExp, out);
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
    BlockShape pair =
        BlockArguments.of(q, k, v, device.compute())
            .requireForward(out, logSumExp)
            .requireBackward(dOut, heads, into)
            .shape();
    if (heads.from() == heads.to()) {
      return;
    }
    FusedAttention.Inputs inputs = new FusedAttention.Inputs(q, k, v, out, logSumExp, dOut);
    int seen = CudaTraits.keysSeen(pair, mask);
    if (seen < pair.keys()) {
      if (seen > 0) {
        backward(inputs, mask, heads, into, 0, 0, seen);
      }
      if (!into.addKeyValue()) {
        scores.clear(into.dk().slice(seen, pair.keys()), heads);
        scores.clear(into.dv().slice(seen, pair.keys()), heads);
      }
      return;
    }
    CudaTraits traits = device.traits();
    int fusedKeys = traits.fuses(pair) ? FusedAttention.backwardKeys(seen, traits.cudnn()) : 0;
    if (0 < fusedKeys && fusedKeys < seen) {
      backward(inputs, mask, heads, into, 0, 0, fusedKeys);
      int firstSeeing = mask == Mask.CAUSAL ? fusedKeys : 0;
      backward(inputs, mask, heads, into, firstSeeing, fusedKeys, seen);
      return;
    }
    if (fusedKeys > 0) {
      try {
        fused.backward(pair, inputs, mask, heads, into);
        return;
      } catch (PlanCache.Refusal e) {
        // logged; the scores do it
      }
    }
    scores.backward(q, k, v, mask, out, logSumExp, dOut, heads, into);
  }

  /** The backward of the queries from one on and the keys [from, to). */
  private void backward(
      FusedAttention.Inputs inputs,
      Mask mask,
      Heads heads,
      Gradients into,
      int queryFrom,
      int keyFrom,
      int keyTo) {
    long queryTo = inputs.q().dim(0);
    backward(
        inputs.q().slice(queryFrom, queryTo),
        inputs.k().slice(keyFrom, keyTo),
        inputs.v().slice(keyFrom, keyTo),
        mask,
        inputs.out().slice(queryFrom, queryTo),
        inputs.logSumExp().slice(queryFrom, queryTo),
        inputs.dOut().slice(queryFrom, queryTo),
        heads,
        new Gradients(
            into.dq().slice(queryFrom, queryTo),
            into.addQuery() || keyFrom > 0, // the first keys' call has written it
            into.dk().slice(keyFrom, keyTo),
            into.dv().slice(keyFrom, keyTo),
            into.addKeyValue()));
  }

  @Override
  public void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp) {
    scores.vanillaForward(q, k, v, mask, probabilities, out, logSumExp);
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
    scores.vanillaBackward(q, k, v, probabilities, dOut, dScores, dq, dk, dv);
  }

  /** Output and log-sum-exp of queries without keys. */
  private void sawNothing(Tensor out, Tensor logSumExp) {
    if (out.elements() > 0) {
      var stream = device.stream().handle();
      int nothing = Float.floatToRawIntBits(Float.NEGATIVE_INFINITY);
      Cuda.check(
          cudaMemsetAsync(Cuda.address(out.address()), 0, out.bytes(), stream), "empty output");
      Cuda.checkDriver(
          cuMemsetD32Async(logSumExp.address(), nothing, logSumExp.elements(), stream),
          "empty log-sum-exp");
    }
  }

  void close() {
    if (fused != null) {
      fused.close();
    }
    scores.close();
  }
}
