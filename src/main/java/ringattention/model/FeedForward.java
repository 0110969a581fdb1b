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
  private final TokenBlocks blocks;
  private final Activations.Block scratch;
  private final PhaseTimer timer;

  FeedForward(
      Kernels kernels,
      ModelConfig model,
      TokenBlocks blocks,
      Activations.Block scratch,
      PhaseTimer timer) {
    this.kernels = kernels;
    this.model = model;
    this.blocks = blocks;
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
      blocks.forEach(
          (from, to) -> {
            Wide wide = normed(weights, rows(x, from, to), kept, from, to);
            expand(weights, wide);
            activate(wide);
            if (out != x) {
              kernels.copy(rows(x, from, to), rows(out, from, to));
            }
            kernels.matmul(
                wide.activated,
                false,
                weights.get(LlamaParameters.DOWN),
                true,
                rows(out, from, to),
                true);
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
      blocks.forEach(
          (from, to) -> {
            Tensor input = rows(x, from, to);
            Wide wide = normed(weights, input, kept, from, to);
            if (kept == null) {
              expand(weights, wide);
            }
            activate(wide);
            blockBackward(weights, gradients, input, wide, rows(gradient, from, to));
          });
    }
  }

  private void blockBackward(
      Weights weights, Weights gradients, Tensor input, Wide wide, Tensor gradient) {
    Tensor dActivated = scratch.dActivated().prefix(wide.activated.shape());
    kernels.matmul(gradient, false, weights.get(LlamaParameters.DOWN), false, dActivated, false);
    kernels.matmul(
        gradient, true, wide.activated, false, gradients.get(LlamaParameters.DOWN), true);
    kernels.swiGluBackward(wide.gate, wide.up, dActivated, wide.gate, wide.up);
    kernels.matmul(wide.gate, true, wide.normed, false, gradients.get(LlamaParameters.GATE), true);
    kernels.matmul(wide.up, true, wide.normed, false, gradients.get(LlamaParameters.UP), true);
    Tensor dNormed = scratch.dNormed().prefix(input.shape());
    kernels.matmul(wide.gate, false, weights.get(LlamaParameters.GATE), false, dNormed, false);
    kernels.matmul(wide.up, false, weights.get(LlamaParameters.UP), false, dNormed, true);
    kernels.rmsNormBackward(
        input,
        weights.get(LlamaParameters.FEED_FORWARD_NORM),
        model.normEpsilon(),
        dNormed,
        gradient,
        gradients.get(LlamaParameters.FEED_FORWARD_NORM));
  }

  /**
   * The wide activations of one block.
   *
   * @param normed [rows, hidden]
   * @param gate [rows, feedForward], as are up and activated
   */
  private record Wide(Tensor normed, Tensor gate, Tensor up, Tensor activated) {}

  /** Returns the norm of the input, and where what follows from it goes or is. */
  private Wide normed(Weights weights, Tensor input, KeptFeedForward kept, int from, int to) {
    Tensor normed = scratch.normed().prefix(input.shape());
    kernels.rmsNorm(
        input, weights.get(LlamaParameters.FEED_FORWARD_NORM), model.normEpsilon(), normed);
    Tensor activated = scratch.activated().prefix(input.dim(0), model.feedForward());
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
