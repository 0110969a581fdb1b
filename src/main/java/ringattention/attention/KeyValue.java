package ringattention.attention;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * Keys and values of one shard, or their gradients. They travel as one message: of one piece where
 * the values follow the keys in memory, of two where each lies in a buffer of its own.
 *
 * @param keys [tokens, batch, keyValueHeads, headSize]
 * @param values as keys
 * @param pieces what both lie in: [2, tokens, batch, keyValueHeads, headSize], or keys and values
 */
public record KeyValue(Tensor keys, Tensor values, List<Tensor> pieces) {

  /** Returns keys and values that lie one behind the other in one buffer. */
  static KeyValue together(Tensor storage) {
    return new KeyValue(half(storage, 0), half(storage, 1), List.of(storage));
  }

  /** Returns keys and values of two buffers. */
  public static KeyValue apart(Tensor keys, Tensor values) {
    return new KeyValue(keys, values, List.of(keys, values));
  }

  /** Allocates one buffer for the keys and values of the largest shard. */
  static KeyValue allocate(
      Allocator allocator,
      String name,
      Allocator.Purpose purpose,
      DType dtype,
      AttentionShape shape) {
    return together(
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
   * Returns the same memory for a shard of this many tokens. In one buffer the keys move together,
   * and the values follow them.
   */
  KeyValue of(int tokens) {
    if (pieces.size() == 2) {
      return apart(keys.slice(0, tokens), values.slice(0, tokens));
    }
    Tensor storage = pieces.get(0);
    return together(storage.prefix(2, tokens, storage.dim(2), storage.dim(3), storage.dim(4)));
  }

  int tokens() {
    return Math.toIntExact(keys.dim(0));
  }

  /** Returns how many sequences lie side by side. */
  int batch() {
    return Math.toIntExact(keys.dim(1));
  }

  List<ByteBuffer> message() {
    return pieces.stream().flatMap(piece -> Arrays.stream(piece.buffers())).toList();
  }

  private static Tensor half(Tensor storage, int index) {
    return storage
        .slice(index, index + 1)
        .view(storage.dim(1), storage.dim(2), storage.dim(3), storage.dim(4));
  }
}
