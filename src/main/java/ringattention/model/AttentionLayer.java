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
 * Heads do not see each other, so attention goes one group of heads after the other, and what it
 * needs shrinks by the number of groups. Projections go one block of tokens at a time; the
 * attention in between is any {@link Attention}.
 */
final class AttentionLayer {
  private final Kernels kernels;
  private final ModelConfig model;
  private final int groups;
  private final Attention attention;
  private final TokenBlocks blocks;
  private final Activations activations;
  private final PhaseTimer timer;

  /**
   * @param groups of heads
   * @param attention of the heads of one group
   */
  AttentionLayer(
      Kernels kernels,
      ModelConfig model,
      int groups,
      Attention attention,
      TokenBlocks blocks,
      Activations activations,
      PhaseTimer timer) {
    this.kernels = kernels;
    this.model = model;
    this.groups = groups;
    this.attention = attention;
    this.blocks = blocks;
    this.activations = activations;
    this.timer = timer;
  }

  /**
   * The attention output before its projection. Leaves query, keys and values of the last group for
   * {@link #backward}.
   *
   * @param x [tokens, batch, hidden]
   * @param into overwritten
   */
  void attend(Weights weights, Tensor x, SavedActivations.Kept into) {
    for (int group = 0; group < groups; group++) {
      project(weights, x, group);
      Tensor out = groups == 1 ? into.out() : activations.groupAttended();
      attention.forward(activations.query(), out, logSumExp(into, group));
      if (groups > 1) {
        kernels.copyHeads(out, 0, into.out(), group * heads(), heads());
      }
    }
  }

  /**
   * @param attended [tokens, batch, heads, headSize]
   * @param out x + output(attended), overwritten, [tokens, batch, hidden]
   */
  void output(Weights weights, Tensor x, Tensor attended, Tensor out) {
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      kernels.copy(x, out);
      blocks.forEach(
          (from, to) ->
              kernels.matmul(
                  headRows(attended, from, to),
                  false,
                  weights.get(LlamaParameters.ATTENTION_OUTPUT),
                  true,
                  rows(out, from, to),
                  true));
    }
  }

  private void project(Weights weights, Tensor x, int group) {
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      Tensor query = activations.query();
      Tensor keys = attention.own().keys();
      Tensor values = attention.own().values();
      Tensor queryWeight = part(weights.get(LlamaParameters.QUERY), group, heads());
      Tensor keyWeight = part(weights.get(LlamaParameters.KEY), group, keyValueHeads());
      Tensor valueWeight = part(weights.get(LlamaParameters.VALUE), group, keyValueHeads());
      blocks.forEach(
          (from, to) -> {
            Tensor normed = normed(weights, rows(x, from, to));
            multiply(normed, queryWeight, headRows(query, from, to));
            multiply(normed, keyWeight, headRows(keys, from, to));
            multiply(normed, valueWeight, headRows(values, from, to));
          });
      rotate(query, false);
      rotate(keys, false);
    }
  }

  /**
   * @param attended as {@link #attend} left it; overwritten
   * @param projected whether {@link #attend} of the same x was the last to be called: then one
   *     group's query, keys and values are still there
   * @param gradient of the output on entry, of x on return, [tokens, batch, hidden]
   */
  void backward(
      Weights weights,
      Weights gradients,
      Tensor x,
      SavedActivations.Kept attended,
      boolean projected,
      Tensor gradient) {
    Tensor dAttended = activations.dAttended();
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      blocks.forEach(
          (from, to) ->
              backThrough(
                  LlamaParameters.ATTENTION_OUTPUT,
                  weights,
                  gradients,
                  rows(gradient, from, to),
                  headRows(attended.out(), from, to),
                  headRows(dAttended, from, to),
                  false));
    }
    // each group leaves its gradients where nothing is read any more
    Tensor dQuery = dAttended;
    Tensor dValues = keyValueGradient(0);
    Tensor dKeys = model.keyValueHeads() == model.heads() ? attended.out() : keyValueGradient(1);
    for (int group = 0; group < groups; group++) {
      if (groups > 1 || !projected) {
        project(weights, x, group);
      }
      Attention.Gradient d =
          attention.backward(
              activations.query(),
              part(attended.out(), group, activations.groupAttended()),
              logSumExp(attended, group),
              part(dAttended, group, activations.groupDAttended()));
      try (var scope = timer.in(Phase.PROJECTIONS)) {
        rotate(d.query(), true);
        rotate(d.own().keys(), true);
        kernels.copyHeads(d.query(), 0, dQuery, group * heads(), heads());
        int keyHead = group * keyValueHeads();
        kernels.copyHeads(d.own().keys(), 0, dKeys, keyHead, keyValueHeads());
        kernels.copyHeads(d.own().values(), 0, dValues, keyHead, keyValueHeads());
      }
    }
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      blocks.forEach(
          (from, to) -> {
            Tensor input = rows(x, from, to);
            Tensor normed = normed(weights, input);
            Tensor dNormed = activations.block().dNormed().prefix(input.shape());
            Tensor toQuery = headRows(dQuery, from, to);
            Tensor toKeys = headRows(dKeys, from, to);
            Tensor toValues = headRows(dValues, from, to);
            backThrough(LlamaParameters.QUERY, weights, gradients, toQuery, normed, dNormed, false);
            backThrough(LlamaParameters.KEY, weights, gradients, toKeys, normed, dNormed, true);
            backThrough(LlamaParameters.VALUE, weights, gradients, toValues, normed, dNormed, true);
            kernels.rmsNormBackward(
                input,
                weights.get(LlamaParameters.ATTENTION_NORM),
                model.normEpsilon(),
                dNormed,
                rows(gradient, from, to),
                gradients.get(LlamaParameters.ATTENTION_NORM));
          });
    }
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

  private void multiply(Tensor normed, Tensor weight, Tensor out) {
    kernels.matmul(normed, false, weight, true, out, false);
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

  /** Query heads of a group. */
  private int heads() {
    return model.heads() / groups;
  }

  /** Key/value heads of a group. */
  private int keyValueHeads() {
    return model.keyValueHeads() / groups;
  }

  /** A group's rows of [all heads * headSize, hidden]. */
  private Tensor part(Tensor weight, int group, int heads) {
    long from = (long) group * heads * model.headSize();
    return weight.slice(from, from + (long) heads * model.headSize());
  }

  /** A group's heads of all, by themselves: a copy where there are several groups. */
  private Tensor part(Tensor whole, int group, Tensor copy) {
    if (groups == 1) {
      return whole;
    }
    kernels.copyHeads(whole, group * heads(), copy, 0, heads());
    return copy;
  }

  /** [tokens, batch, heads of a group] */
  private Tensor logSumExp(SavedActivations.Kept kept, int group) {
    Tensor all = kept.logSumExp();
    return all.slice(group, group + 1).view(all.dim(1), all.dim(2), all.dim(3));
  }

  /** The first or second room for a gradient of all keys or values. */
  private Tensor keyValueGradient(int index) {
    Tensor x = activations.gradient();
    long elements = x.dim(0) * x.dim(1) * model.keyValueHeads() * model.headSize();
    return activations
        .keyValueGradient()
        .slice(index * elements, (index + 1) * elements)
        .view(x.dim(0), x.dim(1), model.keyValueHeads(), model.headSize());
  }
}
