package ringattention.config;

/**
 * A Llama-shaped Transformer.
 *
 * @param vocabulary number of tokens
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads query heads
 * @param keyValueHeads divides heads
 * @param headSize even; heads * headSize need not be hidden
 * @param feedForward width of the feed-forward
 * @param ropeTheta base of the rotary angles
 * @param normEpsilon added to the mean square in RMSNorm
 * @param initStd standard deviation of initial weights
 */
public record ModelConfig(
    int vocabulary,
    int hidden,
    int layers,
    int heads,
    int keyValueHeads,
    int headSize,
    int feedForward,
    double ropeTheta,
    double normEpsilon,
    double initStd) {

  static ModelConfig read(Table table) {
    PaperModel shape = table.has("shape") ? shape(table) : null;
    int vocabulary = table.integer("vocabulary", shape == null ? 256 : 32000, 2, 1 << 24);
    int hidden = table.integer("hidden", shape == null ? null : shape.hidden, 2, 1 << 20);
    int layers = table.integer("layers", shape == null ? null : shape.layers, 1, 10000);
    int heads = table.integer("heads", shape == null ? null : shape.heads, 1, 1 << 16);
    int keyValueHeads = table.integer("keyValueHeads", heads, 1, 1 << 16);
    table.require(
        heads % keyValueHeads == 0,
        "heads",
        () -> "must be a multiple of model.keyValueHeads = " + keyValueHeads);
    table.require(
        table.has("headSize") || hidden % heads == 0,
        "hidden",
        () -> "must be a multiple of model.heads = " + heads + ", or give model.headSize");
    int headSize = table.integer("headSize", Math.max(2, hidden / heads), 2, 1 << 12);
    table.require(headSize % 2 == 0, "headSize", "must be even: rotary positions turn pairs");
    int wide = Math.toIntExact((8L * hidden / 3 + 7) / 8 * 8);
    int feedForward =
        table.integer("feedForward", shape == null ? wide : shape.feedForward, 1, 1 << 22);
    return new ModelConfig(
        vocabulary,
        hidden,
        layers,
        heads,
        keyValueHeads,
        headSize,
        feedForward,
        table.positive("ropeTheta", 10000.0),
        table.positive("normEpsilon", 1e-5),
        table.positive("initStd", 0.02));
  }

  private static PaperModel shape(Table table) {
    return PaperModel.of(table.text("shape", null))
        .orElseThrow(() -> table.error("shape", "must be one of 1B, 3B, 7B, 13B, 30B, 65B"));
  }

  /** Number of weights of this model, embedding and head included. */
  public long parameters() {
    long attention = (long) hidden * headSize * (2L * heads + 2L * keyValueHeads);
    long block = attention + 3L * hidden * feedForward + 2L * hidden;
    return layers * block + 2L * vocabulary * hidden + hidden;
  }
}
