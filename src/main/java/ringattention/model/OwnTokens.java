package ringattention.model;

import static ringattention.model.TokenBlocks.rows;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/** Products of this rank's own tokens: norms are made a block of tokens at a time, in scratch. */
final class OwnTokens implements BlockEntry {
  private final Kernels kernels;
  private final double epsilon;
  private final Turns turns;
  private final TokenBlocks blocks;
  private final Activations.Block scratch;
  private Tensor norm; // its weight
  private String name;
  private Tensor x;
  private Tensor gradient;

  OwnTokens(
      Kernels kernels,
      ModelConfig model,
      Turns turns,
      TokenBlocks blocks,
      Activations.Block scratch) {
    this.kernels = kernels;
    this.epsilon = model.normEpsilon();
    this.turns = turns;
    this.blocks = blocks;
    this.scratch = scratch;
  }

  @Override
  public TokenBlocks blocks() {
    return blocks;
  }

  @Override
  public void enter(Weights weights, String norm, Tensor x) {
    this.norm = weights.get(norm);
    this.name = norm;
    this.x = x;
  }

  @Override
  public Tensor normed(int from, int to) {
    return normed(rows(x, from, to));
  }

  @Override
  public Tensor normed(int from, int to, int turn) {
    return normed(turns.rows(x.slice(from, to), turn));
  }

  private Tensor normed(Tensor input) {
    Tensor normed = scratch.normed().prefix(input.shape());
    kernels.rmsNorm(input, norm, epsilon, normed);
    return normed;
  }

  @Override
  public void leave(Tensor x, Tensor out, Product product) {
    blocks.forEach(
        (from, to) -> {
          if (out != x) {
            kernels.copy(rows(x, from, to), rows(out, from, to));
          }
          product.compute(from, to, rows(out, from, to), true);
        });
  }

  @Override
  public void enterGradient(Tensor gradient) {
    this.gradient = gradient;
  }

  @Override
  public Tensor gradient(int from, int to) {
    return rows(gradient, from, to);
  }

  @Override
  public void leaveGradient(Weights gradients, Product product) {
    blocks.forEach(
        (from, to) -> {
          Tensor input = rows(x, from, to);
          Tensor dNormed = scratch.dNormed().prefix(input.shape());
          product.compute(from, to, dNormed, false);
          kernels.rmsNormBackward(
              input, norm, epsilon, dNormed, rows(gradient, from, to), gradients.get(name));
        });
  }
}
