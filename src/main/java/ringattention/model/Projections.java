package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/**
 * The projections of queries, keys and values: input W^T, plus a bias and through RMSNorm by head
 * where the model has those. Rows are tokens of a block, columns the heads of a group side by side.
 */
final class Projections {
  private static final Names QUERY =
      new Names(LlamaParameters.QUERY, LlamaParameters.QUERY_BIAS, LlamaParameters.QUERY_NORM);
  private static final Names KEY =
      new Names(LlamaParameters.KEY, LlamaParameters.KEY_BIAS, LlamaParameters.KEY_NORM);
  private static final Names VALUE =
      new Names(LlamaParameters.VALUE, LlamaParameters.VALUE_BIAS, null);

  /**
   * The parameters of one projection.
   *
   * @param norm null where there is none in any model
   */
  private record Names(String weight, String bias, String norm) {}

  private final Kernels kernels;
  private final ModelConfig model;
  private final Activations.Block scratch;

  Projections(Kernels kernels, ModelConfig model, Activations.Block scratch) {
    this.kernels = kernels;
    this.model = model;
    this.scratch = scratch;
  }

  /**
   * Projects for one group of heads, before the rotary embedding.
   *
   * @param normed [rows, hidden]
   * @param query [rows, query heads of a group * headSize], overwritten
   * @param keys [rows, key/value heads of a group * headSize], overwritten, as are values
   */
  void forward(
      Weights weights, Tensor normed, int group, Tensor query, Tensor keys, Tensor values) {
    project(weights, QUERY, normed, group, query);
    project(weights, KEY, normed, group, keys);
    project(weights, VALUE, normed, group, values);
    if (model.details().queryKeyNorm()) {
      normalise(weights, QUERY, query);
      normalise(weights, KEY, keys);
    }
  }

  private void project(Weights weights, Names names, Tensor normed, int group, Tensor out) {
    long width = out.dim(1);
    long from = group * width;
    Tensor weight = weights.get(names.weight).slice(from, from + width);
    kernels.matmul(normed, false, weight, true, out, false);
    if (model.details().queryKeyValueBias()) {
      kernels.addBias(out, weights.get(names.bias).slice(from, from + width));
    }
  }

  private void normalise(Weights weights, Names names, Tensor x) {
    Tensor byHead = byHead(x);
    kernels.rmsNorm(byHead, weights.get(names.norm), model.normEpsilon(), byHead);
  }

  /**
   * Backward of {@link #forward} for all heads together.
   *
   * @param normed [rows, hidden]
   * @param dQuery [rows, heads * headSize]
   * @param dKeys [rows, keyValueHeads * headSize], as dValues
   * @param dNormed [rows, hidden], overwritten
   */
  void backward(
      Weights weights,
      Weights gradients,
      Tensor normed,
      Tensor dQuery,
      Tensor dKeys,
      Tensor dValues,
      Tensor dNormed) {
    backThrough(QUERY, weights, gradients, dQuery, normed, dNormed, false);
    backThrough(KEY, weights, gradients, dKeys, normed, dNormed, true);
    backThrough(VALUE, weights, gradients, dValues, normed, dNormed, true);
  }

  private void backThrough(
      Names names,
      Weights weights,
      Weights gradients,
      Tensor dOut,
      Tensor normed,
      Tensor dNormed,
      boolean accumulate) {
    Tensor gradient = dOut;
    if (names.norm != null && model.details().queryKeyNorm()) {
      gradient = beforeNorm(names, weights, gradients, dOut, normed);
    }
    if (model.details().queryKeyValueBias()) {
      kernels.addBiasBackward(gradient, gradients.get(names.bias));
    }
    backThrough(names.weight, weights, gradients, gradient, normed, dNormed, accumulate);
  }

  /**
   * Backward of out = input W^T: adds dOut^T input to the gradient of W, and gives dInput = dOut W
   * or adds it.
   */
  void backThrough(
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

  /**
   * Returns the gradient in front of the norm of every head, whose input is computed again: the
   * rotated output is all that attention leaves. Scratch of the feed-forward holds both.
   */
  private Tensor beforeNorm(
      Names names, Weights weights, Weights gradients, Tensor dOut, Tensor normed) {
    Tensor projected = scratch.gate().prefix(dOut.shape());
    Tensor gradient = scratch.up().prefix(dOut.shape());
    project(weights, names, normed, 0, projected);
    kernels.fill(gradient, 0);
    kernels.rmsNormBackward(
        byHead(projected),
        weights.get(names.norm),
        model.normEpsilon(),
        byHead(dOut),
        byHead(gradient),
        gradients.get(names.norm));
    return gradient;
  }

  private Tensor byHead(Tensor x) {
    int size = model.heads().size();
    return x.view(x.elements() / size, size);
  }
}
