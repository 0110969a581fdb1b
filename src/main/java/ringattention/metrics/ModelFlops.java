package ringattention.metrics;

/**
 * Floating-point operations of one training step of a Llama-shaped model, counted in three ways;
 * {@code docs/performance.md} derives them. Only matrix products count: norms, rotation, softmax,
 * the embedding and the optimizer are left out. Counts are doubles, since a step of a large model
 * passes 2^63.
 *
 * @param hidden size of a token's state
 * @param layers transformer blocks
 * @param heads query heads
 * @param keyValueHeads key and value heads
 * @param headSize size of one head; heads x headSize need not be hidden
 * @param feedForward inner size of the gated feed-forward
 * @param outputs numbers that the head gives: tokens it chooses from
 * @param features numbers that the input layer multiplies, 0 where it only looks tokens up
 */
public record ModelFlops(
    int hidden,
    int layers,
    int heads,
    int keyValueHeads,
    int headSize,
    int feedForward,
    int outputs,
    int features) {
  public ModelFlops {
    int smallest = hidden;
    for (int size : new int[] {layers, heads, keyValueHeads, headSize, feedForward, outputs}) {
      smallest = Math.min(smallest, size);
    }
    if (smallest < 1) {
      throw new IllegalArgumentException("every size of a model is positive, not " + smallest);
    }
  }

  /** Makes the counts of a model of tokens. */
  public ModelFlops(
      int hidden,
      int layers,
      int heads,
      int keyValueHeads,
      int headSize,
      int feedForward,
      int vocabulary) {
    this(hidden, layers, heads, keyValueHeads, headSize, feedForward, vocabulary, 0);
  }

  /**
   * What the mathematics needs: {@code 3 (2 weights batch s + layers 2 batch s^2 heads headSize)},
   * where weights are those of the products, loss head included, and attention is causal. The
   * backward takes twice the forward, of an input layer that multiplies once: nothing is before it.
   */
  public double causalExact(long batch, long sequence) {
    double tokens = (double) batch * sequence;
    return causalExact(tokens, tokens * sequence);
  }

  /**
   * Returns {@link #causalExact(long, long)} of documents that do not see each other.
   *
   * @param tokens of all of them
   * @param squares the sum of their squared lengths
   */
  public double causalExact(double tokens, double squares) {
    double products = blockProducts(tokens) + 2 * tokens * headWeights();
    return 3 * (products + layers * attention().forward(squares)) + input(tokens);
  }

  /**
   * The paper's count: {@code 3 layers (24 batch s hidden^2 + 4 batch s^2 hidden)} (Liu et al.
   * 2023, behind its table 4). It takes the feed-forward for one of inner size 4 hidden without
   * gate, the attention for a full square, and leaves the loss head out.
   */
  public double paper(long batch, long sequence) {
    double tokens = (double) batch * sequence;
    return 3 * layers * (24 * tokens * hidden * hidden + 4 * tokens * sequence * hidden);
  }

  /**
   * What the devices execute, recompute included: each product three times, those computed again
   * once more. The feed-forward's last never is, for the backward does not need its result.
   * Attention costs 3.5 times its causal forward, 4.5 times where it is computed again.
   */
  public double hardware(long batch, long sequence, Recompute again) {
    double tokens = (double) batch * sequence;
    return hardware(tokens, tokens * sequence, again);
  }

  /**
   * Returns {@link #hardware(long, long, Recompute)} of documents that do not see each other.
   *
   * @param tokens of all of them
   * @param squares the sum of their squared lengths
   */
  public double hardware(double tokens, double squares, Recompute again) {
    if (again.attention() > layers || again.feedForward() > layers) {
      throw new IllegalArgumentException(again + " of " + layers + " blocks");
    }
    double products = 3 * (layers * blockWeights() + headWeights()) + weights(again);
    return 2 * tokens * products
        + input(tokens)
        + layers * attention().forwardAndBackward(squares)
        + again.attention() * attention().forward(squares);
  }

  /** Returns the weights of all products that are computed again, each as often as it is. */
  private double weights(Recompute again) {
    double head = (double) hidden * headSize;
    return again.projections() * head * (heads + 2.0 * keyValueHeads)
        + again.normed() * head * (heads + keyValueHeads)
        + again.feedForward() * (head * heads + 2.0 * hidden * feedForward);
  }

  /** All three counts of a step; see {@link #hardware}. */
  public StepFlops step(long batch, long sequence, Recompute again) {
    return new StepFlops(
        causalExact(batch, sequence), paper(batch, sequence), hardware(batch, sequence, again));
  }

  /**
   * All three counts of a step over packed sequences. The paper's knows no documents.
   *
   * @param squares the sum of all documents' squared lengths
   */
  public StepFlops step(long batch, long sequence, double squares, Recompute again) {
    double tokens = (double) batch * sequence;
    return new StepFlops(
        causalExact(tokens, squares), paper(batch, sequence), hardware(tokens, squares, again));
  }

  /** Returns the operations of all blocks' products in a forward of so many tokens. */
  public double blockProducts(double tokens) {
    return 2 * tokens * layers * blockWeights();
  }

  /** Attention of one layer, causal. */
  public AttentionFlops attention() {
    return new AttentionFlops(heads, headSize, true);
  }

  /** Weights in the products of one block: query, key, value and output, then gate, up and down. */
  private double blockWeights() {
    double attention = 2.0 * hidden * headSize * (heads + keyValueHeads);
    return attention + 3.0 * hidden * feedForward;
  }

  private double headWeights() {
    return (double) hidden * outputs;
  }

  /** Returns the operations of the input layer's product and of its weights' gradient. */
  private double input(double tokens) {
    return 2 * 2 * tokens * hidden * features;
  }
}
