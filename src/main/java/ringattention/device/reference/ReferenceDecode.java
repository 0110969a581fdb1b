package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;
import static ringattention.device.reference.ReferenceDevice.integers;

import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.util.List;
import java.util.stream.IntStream;
import ringattention.device.DecodeAttention;
import ringattention.device.DecodeShape;
import ringattention.device.DeviceTraits;
import ringattention.device.Tensor;

/** Attention over a cache as its formulas, one row and head at a time. */
final class ReferenceDecode implements DecodeAttention {
  private final DeviceTraits device;

  ReferenceDecode(DeviceTraits device) {
    this.device = device;
  }

  @Override
  public void attend(Tensor q, Tensor keys, Tensor values, Tensor segments, Tensor partial) {
    DecodeShape shape = DecodeShape.of(device, q, keys, values, segments, partial);
    int[] numbers = new int[shape.segments() * SEGMENT];
    integers(segments).get(numbers);
    List<DecodeShape.Segment> seen = shape.segments(numbers);
    for (int row = 0; row < shape.rows(); row++) {
      int[] slots = slots(seen, row);
      for (int head = 0; head < shape.heads(); head++) {
        attend(shape, row, head, slots, doubles(q), doubles(keys), doubles(values), partial);
      }
    }
  }

  /** Returns the slots that a row sees. */
  private static int[] slots(List<DecodeShape.Segment> segments, int row) {
    return segments.stream()
        .filter(segment -> segment.rowFrom() <= row && row < segment.rowTo())
        .flatMapToInt(segment -> IntStream.range(segment.slotFrom(), segment.slotTo()))
        .toArray();
  }

  private static void attend(
      DecodeShape x,
      int row,
      int head,
      int[] slots,
      DoubleBuffer q,
      DoubleBuffer keys,
      DoubleBuffer values,
      Tensor partial) {
    int size = x.headSize();
    int query = (row * x.heads() + head) * size;
    double[] scores = new double[slots.length];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < slots.length; i++) {
      int key = (slots[i] * x.keyValueHeads() + head / x.group()) * size;
      for (int d = 0; d < size; d++) {
        scores[i] += q.get(query + d) * keys.get(key + d);
      }
      scores[i] /= Math.sqrt(size);
      largest = Math.max(largest, scores[i]);
    }
    double sum = 0;
    double[] out = new double[size + 1];
    for (int i = 0; i < slots.length; i++) {
      int value = (slots[i] * x.keyValueHeads() + head / x.group()) * size;
      double weight = Math.exp(scores[i] - largest);
      sum += weight;
      for (int d = 0; d < size; d++) {
        out[d] += weight * values.get(value + d);
      }
    }
    for (int d = 0; d < size && slots.length > 0; d++) {
      out[d] /= sum;
    }
    out[size] = slots.length == 0 ? Double.NEGATIVE_INFINITY : largest + Math.log(sum);
    doubles(partial).put((row * x.heads() + head) * (size + 1), out);
  }

  @Override
  public void merge(Tensor parts, Tensor out) {
    DecodeShape.requireMerge(device, parts, out);
    int ranks = (int) parts.dim(0);
    int rows = (int) (out.dim(0) * out.dim(1));
    int size = (int) out.dim(2);
    DoubleBuffer from = doubles(parts);
    for (int row = 0; row < rows; row++) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int rank = 0; rank < ranks; rank++) {
        largest = Math.max(largest, from.get((rank * rows + row) * (size + 1) + size));
      }
      double sum = 0;
      double[] merged = new double[size];
      for (int rank = 0; rank < ranks; rank++) {
        int part = (rank * rows + row) * (size + 1);
        if (from.get(part + size) != Double.NEGATIVE_INFINITY) {
          double weight = Math.exp(from.get(part + size) - largest);
          sum += weight;
          for (int d = 0; d < size; d++) {
            merged[d] += weight * from.get(part + d);
          }
        }
      }
      for (int d = 0; d < size && sum != 0; d++) {
        merged[d] /= sum;
      }
      doubles(out).put(row * size, merged);
    }
  }

  @Override
  public void store(Tensor from, Tensor slots, Tensor to) {
    DecodeShape.requireStore(device, from, slots, to);
    int size = (int) (from.dim(1) * from.dim(2));
    double[] row = new double[size];
    IntBuffer places = integers(slots);
    for (int i = 0; i < from.dim(0); i++) {
      if (places.get(i) >= 0) {
        doubles(from).get(i * size, row);
        doubles(to).put(places.get(i) * size, row);
      }
    }
  }
}
