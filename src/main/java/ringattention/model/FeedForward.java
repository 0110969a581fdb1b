package ringattention.model;

import static ringattention.model.TokenBlocks.rows;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.Weights;

/**
 * The second half of a block, x + down(silu(gate(norm(x))) * up(norm(x))), one block of tokens at a
 * time (Liu and Abbeel 2023), so that the wide activations exist for one block only. The paper's
 * full feed-forward is one block of all tokens.
 */
final class FeedForward {
  private final Kernels kernels;
  private final ModelConfig model;
  private final BlockEntry entry;
  private final Activations.Block scratch;
  private final PhaseTimer timer;

  /**
   * @param model what this rank computes of it
   */
  FeedForward(
      Kernels kernels,
      ModelConfig model,
      BlockEntry entry,
      Activations.Block scratch,
      PhaseTimer timer) {
    this.kernels = kernels;
    this.model = model;
    this.entry = entry;
    this.scratch = scratch;
    this.timer = timer;
  }

  /**
   * @param x [tokens, batch, hidden]
   * @param out x + feedForward(norm(x)), overwritten; may be x
   * @param kept where gate and up go; null where the block does not keep them
   */
  void forward(Weights weights, Tensor x, Tensor out, KeptFeedForward kept) {
    try (var scope = timer.in(Phase.FEED_FORWARD)) {
      entry.enter(weights, LlamaParameters.FEED_FORWARD_NORM, x);
      entry.leave(
          x,
          out,
          (from, to, products, add) -> {
            Wide wide = normed(kept, from, to);
            expand(weights, wide);
            activate(wide);
            kernels.matmul(
                wide.activated, false, weights.get(LlamaParameters.DOWN), true, products, add);
          });
    }
  }

  /**
   * @param x the input of the forward, [tokens, batch, hidden]
   * @param kept gate and up as the forward left them, overwritten; null where the block does not
   *     keep them
   * @param gradient of the output on entry, of the input on return, [tokens, batch, hidden]
   */
  void backward(
      Weights weights, Weights gradients, Tensor x, KeptFeedForward kept, Tensor gradient) {
    try (var scope = timer.in(Phase.FEED_FORWARD)) {
      entry.enter(weights, LlamaParameters.FEED_FORWARD_NORM, x);
      entry.enterGradient(gradient);
      entry.leaveGradient(
          gradients,
          (from, to, dNormed, add) -> {
            Wide wide = normed(kept, from, to);
            if (kept == null) {
              expand(weights, wide);
            }
            activate(wide);
            blockBackward(weights, gradients, wide, entry.gradient(from, to), dNormed);
          });
    }
  }

  private void blockBackward(
      Weights weights, Weights gradients, Wide wide, Tensor gradient, Tensor dNormed) {
    Tensor dActivated = scratch.dActivated().prefix(wide.activated.shape());
    kernels.matmul(gradient, false, weights.get(LlamaParameters.DOWN), false, dActivated, false);
    kernels.matmul(
        gradient, true, wide.activated, false, gradients.get(LlamaParameters.DOWN), true);
    kernels.swiGluBackward(wide.gate, wide.up, dActivated, wide.gate, wide.up);
    kernels.matmul(wide.gate, true, wide.normed, false, gradients.get(LlamaParameters.GATE), true);
    kernels.matmul(wide.up, true, wide.normed, false, gradients.get(LlamaParameters.UP), true);
    kernels.matmul(wide.gate, false, weights.get(LlamaParameters.GATE), false, dNormed, false);
    kernels.matmul(wide.up, false, weights.get(LlamaParameters.UP), false, dNormed, true);
  }

  /**
   * The wide activations of one block.
   *
   * @param normed [rows, hidden]
   * @param gate [rows, feedForward], as are up and activated
   */
  private record Wide(Tensor normed, Tensor gate, Tensor up, Tensor activated) {}

  /** Returns the norm of the input, and where what follows from it goes or is. */
  private Wide normed(KeptFeedForward kept, int from, int to) {
    Tensor normed = entry.normed(from, to);
    Tensor activated = scratch.activated().prefix(normed.dim(0), model.feedForward());
    return kept == null
        ? new Wide(
            normed,
            scratch.gate().prefix(activated.shape()),
            scratch.up().prefix(activated.shape()),
            activated)
        : new Wide(normed, rows(kept.gate(), from, to), rows(kept.up(), from, to), activated);
  }

  private void expand(Weights weights, Wide wide) {
    kernels.matmul(wide.normed, false, weights.get(LlamaParameters.GATE), true, wide.gate, false);
    kernels.matmul(wide.normed, false, weights.get(LlamaParameters.UP), true, wide.up, false);
  }

  private void activate(Wide wide) {
    kernels.swiGlu(wide.gate, wide.up, wide.activated);
  }
}
