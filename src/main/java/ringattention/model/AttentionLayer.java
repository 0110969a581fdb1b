package ringattention.model;

import static ringattention.model.TokenBlocks.headRows;
import static ringattention.model.TokenBlocks.rows;

import ringattention.attention.Attention;
import ringattention.config.ModelConfig;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.Weights;

/**
 * The first half of a block, x + output(attention(rotate(query), rotate(key), value)) of norm(x).
 * Projections go one block of tokens at a time; the attention in between is any {@link Attention}.
 */
final class AttentionLayer {
  private final Kernels kernels;
  private final ModelConfig model;
  private final Attention attention;
  private final TokenBlocks blocks;
  private final Activations activations;
  private final PhaseTimer timer;

  AttentionLayer(
      Kernels kernels,
      ModelConfig model,
      Attention attention,
      TokenBlocks blocks,
      Activations activations,
      PhaseTimer timer) {
    this.kernels = kernels;
    this.model = model;
    this.attention = attention;
    this.blocks = blocks;
    this.activations = activations;
    this.timer = timer;
  }

  /**
   * Leaves query, keys, values, attended and logSumExp for {@link #backward}.
   *
   * @param x [tokens, batch, hidden]
   * @param out x + attention, overwritten, [tokens, batch, hidden]
   */
  void forward(Weights weights, Tensor x, Tensor out) {
    project(weights, x);
    attention.forward(activations.query(), activations.attended(), activations.logSumExp());
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      kernels.copy(x, out);
      blocks.forEach(
          (from, to) ->
              kernels.matmul(
                  headRows(activations.attended(), from, to),
                  false,
                  weights.get(LlamaParameters.ATTENTION_OUTPUT),
                  true,
                  rows(out, from, to),
                  true));
    }
  }

  private void project(Weights weights, Tensor x) {
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      Tensor keys = attention.own().keys();
      Tensor values = attention.own().values();
      blocks.forEach(
          (from, to) -> {
            Tensor normed = normed(weights, rows(x, from, to));
            multiply(normed, weights, LlamaParameters.QUERY, headRows(query(), from, to));
            multiply(normed, weights, LlamaParameters.KEY, headRows(keys, from, to));
            multiply(normed, weights, LlamaParameters.VALUE, headRows(values, from, to));
          });
      rotate(query(), false);
      rotate(keys, false);
    }
  }

  /**
   * Right after {@link #forward} of the same x.
   *
   * @param gradient of the output on entry, of x on return, [tokens, batch, hidden]
   */
  void backward(Weights weights, Weights gradients, Tensor x, Tensor gradient) {
    Tensor dAttended = activations.dAttended();
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      blocks.forEach(
          (from, to) ->
              backThrough(
                  LlamaParameters.ATTENTION_OUTPUT,
                  weights,
                  gradients,
                  rows(gradient, from, to),
                  headRows(activations.attended(), from, to),
                  headRows(dAttended, from, to),
                  false));
    }
    Attention.Gradient d =
        attention.backward(query(), activations.attended(), activations.logSumExp(), dAttended);
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      rotate(d.query(), true);
      rotate(d.own().keys(), true);
      blocks.forEach((from, to) -> projectBackward(weights, gradients, x, gradient, d, from, to));
    }
  }

  private void projectBackward(
      Weights weights,
      Weights gradients,
      Tensor x,
      Tensor gradient,
      Attention.Gradient d,
      int from,
      int to) {
    Tensor input = rows(x, from, to);
    Tensor normed = normed(weights, input);
    Tensor dNormed = activations.block().dNormed().prefix(input.shape());
    Tensor dQuery = computeType(headRows(d.query(), from, to));
    backThrough(LlamaParameters.QUERY, weights, gradients, dQuery, normed, dNormed, false);
    Tensor dKeys = computeType(headRows(d.own().keys(), from, to));
    backThrough(LlamaParameters.KEY, weights, gradients, dKeys, normed, dNormed, true);
    Tensor dValues = computeType(headRows(d.own().values(), from, to));
    backThrough(LlamaParameters.VALUE, weights, gradients, dValues, normed, dNormed, true);
    kernels.rmsNormBackward(
        input,
        weights.get(LlamaParameters.ATTENTION_NORM),
        model.normEpsilon(),
        dNormed,
        rows(gradient, from, to),
        gradients.get(LlamaParameters.ATTENTION_NORM));
  }

  /**
   * Backward of out = input W^T: adds dOut^T input to the gradient of W, and gives dInput = dOut W
   * or adds it.
   */
  private void backThrough(
      String name,
      Weights weights,
      Weights gradients,
      Tensor dOut,
      Tensor input,
      Tensor dInput,
      boolean accumulate) {
    kernels.matmul(dOut, true, input, false, gradients.get(name), true);
    kernels.matmul(dOut, false, weights.get(name), false, dInput, accumulate);
  }

  private void multiply(Tensor normed, Weights weights, String name, Tensor out) {
    kernels.matmul(normed, false, weights.get(name), true, out, false);
  }

  private Tensor normed(Weights weights, Tensor input) {
    Tensor normed = activations.block().normed().prefix(input.shape());
    kernels.rmsNorm(
        input, weights.get(LlamaParameters.ATTENTION_NORM), model.normEpsilon(), normed);
    return normed;
  }

  private void rotate(Tensor x, boolean inverse) {
    kernels.rotate(x, activations.positions(), activations.frequencies(), inverse);
  }

  private Tensor query() {
    return activations.query();
  }

  /** Rows of the sum type as the matrix units take them. */
  private Tensor computeType(Tensor rows) {
    Tensor scratch = activations.block().projected();
    if (scratch == null) {
      return rows;
    }
    Tensor converted = scratch.prefix(rows.shape());
    kernels.copy(rows, converted);
    return converted;
  }
}
