package ringattention.attention;

import java.nio.ByteBuffer;
import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * Keys and values of one shard, or their gradients, in one buffer, so that both travel as one
 * message.
 *
 * @param storage [2, tokens, batch, keyValueHeads, headSize]
 */
public record KeyValue(Tensor storage) {
  /** Room for the keys and values of the largest shard. */
  static KeyValue allocate(
      Allocator allocator,
      String name,
      Allocator.Purpose purpose,
      DType dtype,
      AttentionShape shape) {
    return new KeyValue(
        allocator.allocate(
            name,
            purpose,
            dtype,
            new Dim("key and value", 2),
            new Dim("tokens", shape.largestShard()),
            new Dim("batch", shape.batch()),
            new Dim("key/value heads", shape.heads().keyValue()),
            new Dim("head size", shape.heads().size())));
  }

  /**
   * The same buffer for a shard of this many tokens; the keys move together, the values follow
   * them.
   */
  KeyValue of(int tokens) {
    return new KeyValue(storage.prefix(2, tokens, storage.dim(2), storage.dim(3), storage.dim(4)));
  }

  int tokens() {
    return Math.toIntExact(storage.dim(1));
  }

  /** [tokens, batch, keyValueHeads, headSize] */
  public Tensor keys() {
    return part(0);
  }

  /** [tokens, batch, keyValueHeads, headSize] */
  public Tensor values() {
    return part(1);
  }

  List<ByteBuffer> message() {
    return List.of(storage.buffers());
  }

  private Tensor part(int index) {
    return storage
        .slice(index, index + 1)
        .view(storage.dim(1), storage.dim(2), storage.dim(3), storage.dim(4));
  }
}
