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

  /** x += feedForward(norm(x)), in place; x [tokens, batch, hidden]. */
  void forward(Weights weights, Tensor x) {
    try (var scope = timer.in(Phase.FEED_FORWARD)) {
      blocks.forEach(
          (from, to) -> {
            Tensor input = rows(x, from, to);
            Wide wide = expand(weights, input);
            kernels.matmul(
                wide.activated, false, weights.get(LlamaParameters.DOWN), true, input, true);
          });
    }
  }

  /**
   * @param x the input of the forward, [tokens, batch, hidden]
   * @param gradient of the output on entry, of the input on return, [tokens, batch, hidden]
   */
  void backward(Weights weights, Weights gradients, Tensor x, Tensor gradient) {
    try (var scope = timer.in(Phase.FEED_FORWARD)) {
      blocks.forEach(
          (from, to) ->
              blockBackward(weights, gradients, rows(x, from, to), rows(gradient, from, to)));
    }
  }

  private void blockBackward(Weights weights, Weights gradients, Tensor input, Tensor gradient) {
    Wide wide = expand(weights, input);
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

  private Wide expand(Weights weights, Tensor input) {
    Tensor normed = scratch.normed().prefix(input.shape());
    kernels.rmsNorm(
        input, weights.get(LlamaParameters.FEED_FORWARD_NORM), model.normEpsilon(), normed);
    Tensor gate = scratch.gate().prefix(input.dim(0), model.feedForward());
    Tensor up = scratch.up().prefix(gate.shape());
    Tensor activated = scratch.activated().prefix(gate.shape());
    kernels.matmul(normed, false, weights.get(LlamaParameters.GATE), true, gate, false);
    kernels.matmul(normed, false, weights.get(LlamaParameters.UP), true, up, false);
    kernels.swiGlu(gate, up, activated);
    return new Wide(normed, gate, up, activated);
  }
}
