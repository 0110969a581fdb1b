package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;

/**
 * What attention holds beside a ring's where ranks exchange heads. Tensors of this rank's heads
 * have the tokens of its whole group. Gradients are null without a backward.
 *
 * @param own keys and values of this rank's tokens
 * @param ownGradient their gradient
 * @param queryGradient of this rank's tokens, [tokens, batch, heads, headSize]
 * @param query of this rank's heads, [tokens of the group, batch, heads / h, headSize]
 * @param out likewise
 * @param outGradient likewise
 * @param messages what is sent or received, flat
 */
public record HeadsBuffers(
    KeyValue own,
    KeyValue ownGradient,
    Tensor queryGradient,
    Tensor query,
    Tensor out,
    Tensor outGradient,
    Tensor messages) {

  /**
   * @param tokens that this rank holds
   * @param ring what attention of this rank's heads is about
   * @param ranks of the group
   * @param backward whether there is one
   */
  public static HeadsBuffers allocate(
      Allocator allocator,
      int tokens,
      AttentionShape ring,
      int ranks,
      DType compute,
      DType sum,
      boolean backward) {
    HeadCounts heads = ring.heads().some(ring.heads().keyValue() * ranks);
    AttentionShape own = new AttentionShape(tokens, tokens, ring.batch(), heads);
    KeyValue keyValue = KeyValue.allocate(allocator, "heads.key_value", ACTIVATIONS, compute, own);
    KeyValue gradient =
        backward
            ? KeyValue.allocate(allocator, "heads.key_value.gradient", ACTIVATIONS, sum, own)
            : null;
    long exchanged = heads.queryWidth() + 2 * heads.keyValueWidth(); // at a time
    if (backward) {
      exchanged = Math.max(exchanged, 2 * heads.queryWidth()); // output and its gradient
    }
    return new HeadsBuffers(
        keyValue,
        gradient,
        backward ? queries(allocator, "heads.query.gradient", ACTIVATIONS, sum, own) : null,
        queries(allocator, "heads.query", RING, compute, ring),
        queries(allocator, "heads.out", RING, compute, ring),
        backward ? queries(allocator, "heads.out.gradient", RING, compute, ring) : null,
        allocator.allocate(
            "heads.messages",
            RING,
            backward ? sum : compute,
            new Dim("tokens", tokens),
            new Dim("batch", ring.batch()),
            new Dim("heads of other ranks", HeadsExchange.room(exchanged, ranks))));
  }

  private static Tensor queries(
      Allocator allocator,
      String name,
      Allocator.Purpose purpose,
      DType dtype,
      AttentionShape shape) {
    return allocator.allocate(
        name,
        purpose,
        dtype,
        new Dim("tokens", shape.tokens()),
        new Dim("batch", shape.batch()),
        new Dim("heads", shape.heads().query()),
        new Dim("head size", shape.heads().size()));
  }
}
