package ringattention.model;

import static ringattention.model.TokenBlocks.rows;

import java.util.function.Consumer;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.Weights;

/**
 * Final norm, projection to the outputs, the loss of these and their backward, one block of tokens
 * at a time: never sequence x vocabulary.
 */
final class LossHead {
  private final Kernels kernels;
  private final ModelConfig model;
  private final Loss loss;
  private final TokenBlocks blocks;
  private final Activations.Block scratch;
  private final PhaseTimer timer;

  LossHead(
      Kernels kernels,
      ModelConfig model,
      Loss loss,
      TokenBlocks blocks,
      Activations.Block scratch,
      PhaseTimer timer) {
    this.kernels = kernels;
    this.model = model;
    this.loss = loss;
    this.blocks = blocks;
    this.scratch = scratch;
    this.timer = timer;
  }

  /**
   * The outputs without the loss, logits or actions before their tangent, block after block.
   *
   * @param x as for {@link #lossAndGradient}
   * @param sink gets [rows of a block, outputs], which the next block overwrites
   */
  void logits(Weights weights, Tensor x, Consumer<Tensor> sink) {
    blocks.forEach((from, to) -> sink.accept(logits(weights, rows(x, from, to))));
  }

  /**
   * Writes all outputs.
   *
   * @param into [tokens * batch, outputs], compute or sum type, overwritten; with a bias of the
   *     head compute type
   */
  void logits(Weights weights, Tensor x, Tensor into) {
    try (var scope = timer.in(Phase.LOSS_HEAD)) {
      long batch = x.dim(1);
      blocks.forEach(
          (from, to) -> project(weights, rows(x, from, to), into.slice(from * batch, to * batch)));
    }
  }

  private Tensor logits(Weights weights, Tensor input) {
    Tensor logits = scratch.logits().prefix(input.dim(0), model.outputs());
    project(weights, input, logits);
    return logits;
  }

  private void project(Weights weights, Tensor input, Tensor logits) {
    Tensor normed = scratch.normed().prefix(input.shape());
    Tensor norm = weights.get(LlamaParameters.FINAL_NORM);
    kernels.rmsNorm(input, norm, model.normEpsilon(), normed);
    kernels.matmul(
        normed, false, weights.get(LlamaParameters.headMatrix(model)), true, logits, false);
    LlamaParameters.headBias(model)
        .ifPresent(bias -> kernels.addBias(logits.rows(), weights.get(bias)));
  }

  /**
   * Writes loss and hit of every label.
   *
   * @param x as for {@link #lossAndGradient}
   * @param losses [tokens, batch, 2]: see {@link Loss#labelLosses}
   */
  void labelLosses(Weights weights, Tensor x, Tensor losses) {
    try (var scope = timer.in(Phase.LOSS_HEAD)) {
      blocks.forEach(
          (from, to) -> {
            Tensor outputs = logits(weights, rows(x, from, to));
            loss.labelLosses(outputs, from, to, rows(losses, from, to));
          });
    }
  }

  /**
   * Adds the loss of every token to the sum of losses and writes its gradient.
   *
   * @param x output of the last block, [tokens, batch, hidden]
   * @param scale of the gradient: one over the number of labels that count in the whole batch
   * @param gradient of x, overwritten, [tokens, batch, hidden]
   * @param losses loss and hit of every label, as for {@link #labelLosses}; null where not asked
   */
  void lossAndGradient(
      Weights weights, Weights gradients, Tensor x, double scale, Tensor gradient, Tensor losses) {
    try (var scope = timer.in(Phase.LOSS_HEAD)) {
      String matrix = LlamaParameters.headMatrix(model);
      Tensor head = weights.get(matrix);
      Tensor norm = weights.get(LlamaParameters.FINAL_NORM);
      kernels.fill(gradient, 0);
      blocks.forEach(
          (from, to) -> {
            Tensor input = rows(x, from, to);
            Tensor outputs = logits(weights, input);
            Tensor normed = scratch.normed().prefix(input.shape());
            if (losses != null) { // before the gradient takes the place of the outputs
              loss.labelLosses(outputs, from, to, rows(losses, from, to));
            }
            loss.lossAndGradient(outputs, from, to, scale);
            kernels.matmul(outputs, true, normed, false, gradients.get(matrix), true);
            LlamaParameters.headBias(model)
                .ifPresent(bias -> kernels.addBiasBackward(outputs, gradients.get(bias)));
            Tensor dNormed = scratch.dNormed().prefix(input.shape());
            kernels.matmul(outputs, false, head, false, dNormed, false);
            kernels.rmsNormBackward(
                input,
                norm,
                model.normEpsilon(),
                dNormed,
                rows(gradient, from, to),
                gradients.get(LlamaParameters.FINAL_NORM));
          });
    }
  }
}
