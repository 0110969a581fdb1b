package ringattention.model;

import static ringattention.model.TokenBlocks.rows;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/**
 * Products that tensor ranks share, each its heads or part of the inner width, of the tokens of
 * all. The norm of the tokens of each is gathered, and the products of all are summed where they
 * belong, by way of the same memory.
 */
final class GatheredTokens implements BlockEntry {
  private final Kernels kernels;
  private final double epsilon;
  private final Turns turns;
  private final TokenBlocks own;
  private final TokenBlocks blocks; // of tokens that entered
  private final TokensExchange exchange;
  private final Activations.Entered entered;
  private Tensor norm; // its weight
  private String name;
  private Tensor x;
  private Tensor gradient;

  /**
   * @param own tokens of this rank
   * @param blocks of the tokens of all tensor ranks
   */
  GatheredTokens(
      Kernels kernels,
      ModelConfig model,
      Turns turns,
      TokenBlocks own,
      TokenBlocks blocks,
      TokensExchange exchange,
      Activations.Entered entered) {
    this.kernels = kernels;
    this.epsilon = model.normEpsilon();
    this.turns = turns;
    this.own = own;
    this.blocks = blocks;
    this.exchange = exchange;
    this.entered = entered;
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
    kernels.rmsNorm(x.rows(), this.norm, epsilon, exchange.own(entered.normed()).rows());
    exchange.gather(entered.normed());
  }

  @Override
  public Tensor normed(int from, int to) {
    return rows(entered.normed(), from, to);
  }

  @Override
  public Tensor normed(int from, int to, int turn) {
    return turns.rows(entered.normed().slice(from, to), turn);
  }

  @Override
  public void leave(Tensor x, Tensor out, Product product) {
    Tensor products = entered.normed();
    blocks.forEach((from, to) -> product.compute(from, to, rows(products, from, to), false));
    exchange.sum(products);
    if (out != x) {
      kernels.copy(x, out);
    }
    kernels.add(out, exchange.own(products));
  }

  @Override
  public void enterGradient(Tensor gradient) {
    this.gradient = gradient;
    kernels.copy(gradient, exchange.own(entered.gradient()));
    exchange.gather(entered.gradient());
  }

  @Override
  public Tensor gradient(int from, int to) {
    return rows(entered.gradient(), from, to);
  }

  @Override
  public void leaveGradient(Weights gradients, Product product) {
    Tensor dNormed = entered.gradient();
    blocks.forEach((from, to) -> product.compute(from, to, rows(dNormed, from, to), false));
    exchange.sum(dNormed);
    own.forEach(
        (from, to) ->
            kernels.rmsNormBackward(
                rows(x, from, to),
                norm,
                epsilon,
                rows(exchange.own(dNormed), from, to),
                rows(gradient, from, to),
                gradients.get(name)));
  }
}
