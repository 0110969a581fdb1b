package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Weights;

/**
 * The two ends of a half of a block, x + products(norm(x)): where the residual stream of this
 * rank's tokens becomes the input of products, and where their output is added to it. Products take
 * the tokens that entered, which are those of all ranks that share them.
 */
interface BlockEntry {
  /** Computes some rows of an output. */
  @FunctionalInterface
  interface Product {
    /**
     * @param from first token that entered, in a block of them
     * @param to end of the block
     * @param out [rows, hidden]; where {@link #normed} or {@link #gradient} of the same tokens may
     *     be, so to be written after these are read
     * @param add whether out holds what the product is added to
     */
    void compute(int from, int to, Tensor out, boolean add);
  }

  /**
   * Makes that of a rank.
   *
   * @param exchange null where the rank does its own products
   */
  static BlockEntry of(
      Kernels kernels,
      ModelConfig model,
      ShardShape shape,
      Activations activations,
      TokensExchange exchange) {
    TokenBlocks entered = new TokenBlocks(shape.entered(), shape.feedForwardBlock());
    Turns turns = new Turns(kernels, shape.turns(), activations.block().ofTurn());
    return exchange == null
        ? new OwnTokens(kernels, model, turns, entered, activations.block())
        : new GatheredTokens(
            kernels,
            model,
            turns,
            new TokenBlocks(shape.tokens(), shape.feedForwardBlock()),
            entered,
            exchange,
            activations.entered());
  }

  /** Walks over the tokens that entered. */
  TokenBlocks blocks();

  /**
   * Takes the input of a half of a block, and its norm. Collective among ranks that share products.
   *
   * @param norm name of the norm's weight
   * @param x [tokens, batch, hidden], read until the next call
   */
  void enter(Weights weights, String norm, Tensor x);

  /** Returns the norm of tokens that entered, [rows, hidden], until other tokens are asked for. */
  Tensor normed(int from, int to);

  /**
   * Returns the same for the sequences of one turn of attention.
   *
   * @return [(to - from) * sequences of a turn, hidden]
   */
  Tensor normed(int from, int to, int turn);

  /**
   * Adds products of all tokens that entered to the input. Collective likewise.
   *
   * @param x [tokens, batch, hidden]
   * @param out x + products, overwritten; may be x
   */
  void leave(Tensor x, Tensor out, Product product);

  /**
   * Takes the gradient of what {@link #leave} gave. Collective likewise.
   *
   * @param gradient [tokens, batch, hidden], which {@link #leaveGradient} overwrites
   */
  void enterGradient(Tensor gradient);

  /** Returns the gradient of tokens that entered, [rows, hidden]. */
  Tensor gradient(int from, int to);

  /**
   * Goes back through the norm of what was entered last: makes the gradient of the output that of
   * the input. Collective likewise.
   *
   * @param product computes the gradient of the norm; overwrites, never adds
   */
  void leaveGradient(Weights gradients, Product product);
}
