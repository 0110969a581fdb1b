package ringattention.device;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Extents of one call of {@link DecodeAttention#attend}.
 *
 * @param rows new tokens
 * @param slots of the cache
 * @param segments that say who sees what
 */
public record DecodeShape(
    int rows, int slots, int segments, int heads, int keyValueHeads, int headSize) {
  public DecodeShape {
    if (headSize < 1 || keyValueHeads < 1 || heads < 1 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          heads + " heads of " + headSize + " do not share " + keyValueHeads + " key/value heads");
    }
  }

  /** Rows [rowFrom, rowTo) see slots [slotFrom, slotTo). */
  public record Segment(int rowFrom, int rowTo, int slotFrom, int slotTo) {}

  /**
   * Returns the extents of a call.
   *
   * @throws IllegalArgumentException if the arguments are not of one
   */
  public static DecodeShape of(
      DeviceTraits device, Tensor q, Tensor keys, Tensor values, Tensor segments, Tensor partial) {
    if (q.rank() != 3 || keys.rank() != 3 || segments.rank() != 2) {
      throw new IllegalArgumentException(
          "q "
              + q
              + ", keys "
              + keys
              + ", segments "
              + segments
              + ": not of 3, 3 and 2 dimensions");
    }
    DecodeShape shape =
        new DecodeShape(
            Math.toIntExact(q.dim(0)),
            Math.toIntExact(keys.dim(0)),
            Math.toIntExact(segments.dim(0)),
            Math.toIntExact(q.dim(1)),
            Math.toIntExact(keys.dim(1)),
            Math.toIntExact(q.dim(2)));
    int headSize = shape.headSize;
    require("q", q, device.compute(), shape.rows, shape.heads, headSize);
    require("keys", keys, device.compute(), shape.slots, shape.keyValueHeads, headSize);
    require("values", values, device.compute(), keys.shape());
    require("segments", segments, DType.I32, shape.segments, DecodeAttention.SEGMENT);
    require("partial", partial, device.sum(), shape.rows, shape.heads, headSize + 1);
    return shape;
  }

  /**
   * Checks the arguments of {@link DecodeAttention#merge}.
   *
   * @throws IllegalArgumentException if they do not belong together
   */
  public static void requireMerge(DeviceTraits device, Tensor parts, Tensor out) {
    if (parts.rank() != 4 || out.rank() != 3) {
      throw new IllegalArgumentException(
          "parts " + parts + ", out " + out + ": not of 4 and 3 dimensions");
    }
    require("out", out, device.compute(), out.shape());
    require("parts", parts, device.sum(), parts.dim(0), out.dim(0), out.dim(1), out.dim(2) + 1);
  }

  /**
   * Checks the arguments of {@link DecodeAttention#store}.
   *
   * @throws IllegalArgumentException if they do not belong together
   */
  public static void requireStore(DeviceTraits device, Tensor from, Tensor slots, Tensor to) {
    if (from.rank() != 3 || to.rank() != 3) {
      throw new IllegalArgumentException("from " + from + ", to " + to + ": not 3 dimensions");
    }
    require("from", from, device.compute(), from.shape());
    require("slots", slots, DType.I32, from.dim(0));
    require("to", to, device.compute(), to.dim(0), from.dim(1), from.dim(2));
  }

  private static void require(String name, Tensor tensor, DType dtype, long... shape) {
    if (tensor.dtype() != dtype || !Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not " + dtype + Arrays.toString(shape));
    }
  }

  /** Query heads that read the same keys and values. */
  public int group() {
    return heads / keyValueHeads;
  }

  /**
   * Returns the segments that are not empty, in their order.
   *
   * @param values contents of the tensor
   * @throws IllegalArgumentException if one is not of these rows and slots
   */
  public List<Segment> segments(int... values) {
    List<Segment> seen = new ArrayList<>();
    for (int at = 0; at < values.length; at += DecodeAttention.SEGMENT) {
      Segment segment = new Segment(values[at], values[at + 1], values[at + 2], values[at + 3]);
      if (segment.rowFrom < 0
          || segment.rowTo < segment.rowFrom
          || rows < segment.rowTo
          || segment.slotFrom < 0
          || segment.slotTo < segment.slotFrom
          || slots < segment.slotTo) {
        throw new IllegalArgumentException(
            segment + " is not of " + rows + " rows and " + slots + " slots");
      }
      if (segment.rowFrom < segment.rowTo && segment.slotFrom < segment.slotTo) {
        seen.add(segment);
      }
    }
    return seen;
  }
}
