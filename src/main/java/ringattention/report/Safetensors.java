package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A small file of whole arrays in the safetensors format: 8 bytes, little-endian, with the length
 * of a JSON header that says type, shape and place of each array; the header; the arrays.
 */
public final class Safetensors {
  private static final int ALIGNMENT = 8; // of the first array

  private final Map<String, Object> header = new LinkedHashMap<>();
  private final List<ByteBuffer> arrays = new ArrayList<>();
  private long end;

  /** Adds an array in single precision. */
  public void floats(String name, double[] values, long... shape) {
    ByteBuffer array = place(name, "F32", values.length, shape);
    for (double value : values) {
      array.putFloat((float) value);
    }
  }

  /** Adds an array of 32-bit integers. */
  public void integers(String name, double[] values, long... shape) {
    ByteBuffer array = place(name, "I32", values.length, shape);
    for (double value : values) {
      array.putInt((int) value);
    }
  }

  private ByteBuffer place(String name, String type, int length, long... shape) {
    long elements = 1;
    for (long extent : shape) {
      elements = Math.multiplyExact(elements, extent);
    }
    if (elements != length || header.containsKey(name)) {
      throw new IllegalArgumentException(length + " elements for " + name);
    }
    Map<String, Object> place = new LinkedHashMap<>();
    place.put("dtype", type);
    place.put("shape", shape);
    place.put("data_offsets", List.of(end, end + 4L * length));
    header.put(name, place);
    end += 4L * length;
    ByteBuffer array = ByteBuffer.allocate(4 * length).order(ByteOrder.LITTLE_ENDIAN);
    arrays.add(array);
    return array;
  }

  /** The whole file, under 2 GiB. */
  public byte[] bytes() {
    byte[] json = new Json().line(header).getBytes(UTF_8);
    int length = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer file =
        ByteBuffer.allocate(Math.toIntExact(Long.BYTES + length + end))
            .order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(length).put(json).put(" ".repeat(length - json.length).getBytes(UTF_8));
    arrays.forEach(array -> file.put(array.flip()));
    return file.array();
  }
}
