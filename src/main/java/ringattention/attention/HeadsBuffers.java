package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import java.util.List;
import java.util.stream.IntStream;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;

/**
 * What attention holds where ranks exchange heads. Gradients are null without a backward.
 *
 * @param own keys and values of this rank's tokens
 * @param ownGradient their gradient
 * @param queryGradient of this rank's tokens, [tokens, batch, heads, headSize]
 * @param chunks of this rank's heads, in their order
 */
public record HeadsBuffers(
    KeyValue own, KeyValue ownGradient, Tensor queryGradient, List<Chunk> chunks) {
  /**
   * What a chunk of this rank's heads has of its own, so that one is exchanged while another is
   * attended to. Together chunks need no more than one would. Tensors have the tokens of the rank's
   * whole group.
   *
   * @param ring of the attention of these heads
   * @param query [tokens of the group, batch, heads / h / chunks, headSize]
   * @param out likewise
   * @param outGradient likewise
   * @param messages what is sent or received, flat
   */
  public record Chunk(
      RingBuffers ring, Tensor query, Tensor out, Tensor outGradient, Tensor messages) {}

  /**
   * @param tokens that this rank holds
   * @param ring what attention of one chunk is about
   * @param ranks of the group
   * @param chunks of a rank's heads
   * @param backward whether there is one
   */
  public static HeadsBuffers allocate(
      Allocator allocator,
      int tokens,
      AttentionShape ring,
      int ranks,
      int chunks,
      DType compute,
      DType sum,
      boolean backward) {
    HeadCounts heads = ring.heads().some(ring.heads().keyValue() * ranks * chunks);
    AttentionShape own = new AttentionShape(tokens, tokens, ring.batch(), heads);
    return new HeadsBuffers(
        KeyValue.allocate(allocator, "heads.key_value", ACTIVATIONS, compute, own),
        backward
            ? KeyValue.allocate(allocator, "heads.key_value.gradient", ACTIVATIONS, sum, own)
            : null,
        backward ? queries(allocator, "heads.query.gradient", ACTIVATIONS, sum, own) : null,
        IntStream.range(0, chunks)
            .mapToObj(
                chunk ->
                    chunk(
                        chunks == 1 ? allocator : numbered(allocator, chunk),
                        tokens,
                        ring,
                        ranks,
                        compute,
                        sum,
                        backward))
            .toList());
  }

  private static Allocator numbered(Allocator allocator, int chunk) {
    return (name, purpose, dtype, dims) ->
        allocator.allocate("chunk." + chunk + "." + name, purpose, dtype, dims);
  }

  private static Chunk chunk(
      Allocator allocator,
      int tokens,
      AttentionShape ring,
      int ranks,
      DType compute,
      DType sum,
      boolean backward) {
    DType messages = backward ? sum : compute;
    HeadCounts heads = ring.heads().some(ring.heads().keyValue() * ranks); // of the group
    return new Chunk(
        RingBuffers.allocate(allocator, ring, compute, sum, true, backward, true),
        queries(allocator, "heads.query", RING, compute, ring),
        queries(allocator, "heads.out", RING, compute, ring),
        backward ? queries(allocator, "heads.out.gradient", RING, compute, ring) : null,
        allocator.allocate(
            "heads.messages",
            RING,
            messages,
            new Dim("tokens", tokens),
            new Dim("batch", ring.batch()),
            new Dim("heads of other ranks", room(heads, ranks, compute, messages, backward))));
  }

  /** Returns the elements that messages take of a token. */
  private static long room(
      HeadCounts heads, int ranks, DType compute, DType messages, boolean backward) {
    long forward = heads.queryWidth() + 2 * heads.keyValueWidth();
    if (!backward) {
      return HeadsExchange.room(forward, ranks);
    }
    // in the backward also the output and its gradient; back come three gradients of the sum type
    long there = HeadsExchange.room(forward + 2 * heads.queryWidth(), ranks) * compute.bytes();
    long back = HeadsExchange.room(forward, ranks) * messages.bytes();
    return (Math.max(there, back) + messages.bytes() - 1) / messages.bytes();
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
