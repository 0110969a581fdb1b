package ringattention.infer;

import static ringattention.device.Allocator.Purpose.CACHE;

import java.util.ArrayList;
import java.util.List;
import ringattention.attention.KeyValue;
import ringattention.attention.KeyValueStore;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.model.ModelConfig;

/**
 * The keys and values of every layer that this rank keeps, rotated. A prefix has a range of slots,
 * the same in all layers; while the ring computes a chunk of it, the cache is the store that the
 * ring reads and writes.
 */
final class KeyValueCache implements KeyValueStore {
  /**
   * The keys or values of all layers.
   *
   * @param keys by layer, [slots, keyValueHeads, headSize]
   * @param values as keys
   */
  record Buffers(List<Tensor> keys, List<Tensor> values) {
    static Buffers allocate(Allocator allocator, ModelConfig model, int slots, DType compute) {
      List<Tensor> keys = new ArrayList<>();
      List<Tensor> values = new ArrayList<>();
      Dim rows = new Dim("slots", slots);
      Dim heads = new Dim("key/value heads", model.heads().keyValue());
      Dim size = new Dim("head size", model.heads().size());
      for (int layer = 0; layer < model.layers(); layer++) {
        String name = "cache." + layer;
        keys.add(allocator.allocate(name + ".keys", CACHE, compute, rows, heads, size));
        values.add(allocator.allocate(name + ".values", CACHE, compute, rows, heads, size));
      }
      return new Buffers(keys, values);
    }
  }

  private final Buffers buffers;
  private int layer;
  private int from; // of the range that the ring reads and writes
  private int earlier; // slots of it that are written
  private int added; // slots behind them that the ring writes

  KeyValueCache(Buffers buffers) {
    this.buffers = buffers;
  }

  /** Says where the ring's keys and values lie until the next call. */
  void place(int from, int earlier, int added) {
    this.from = from;
    this.earlier = earlier;
    this.added = added;
  }

  @Override
  public void layer(int layer) {
    this.layer = layer;
  }

  @Override
  public KeyValue own() {
    return slots(from + earlier, from + earlier + added);
  }

  @Override
  public KeyValue held() {
    return slots(from, from + earlier + added);
  }

  private KeyValue slots(int first, int end) {
    return KeyValue.apart(one(keys(layer), first, end), one(values(layer), first, end));
  }

  /** Returns slots as tokens of one sequence, [slots, 1, keyValueHeads, headSize]. */
  private static Tensor one(Tensor all, int first, int end) {
    return all.slice(first, end).view(end - first, 1, all.dim(1), all.dim(2));
  }

  /** Returns a layer's keys, [slots, keyValueHeads, headSize]. */
  Tensor keys(int layer) {
    return buffers.keys().get(layer);
  }

  /** Returns a layer's values, [slots, keyValueHeads, headSize]. */
  Tensor values(int layer) {
    return buffers.values().get(layer);
  }
}
