package ringattention.huggingface;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/**
 * What a safetensors file says about itself: JSON of {@code "name": {"dtype": "BF16", "shape": [2,
 * 3], "data_offsets": [0, 12]}}, offsets counted from the end of the header. Tensors must cover the
 * data without holes or overlaps, which leaves no byte that nobody checked.
 */
public final class SafetensorsHeader {
  private final Map<String, Stored> tensors = new LinkedHashMap<>();

  /**
   * One tensor, row-major.
   *
   * @param from first byte, counted from the end of the header
   */
  record Stored(StoredType type, List<Long> shape, long from, long to) {}

  /** A header that does not hold together; the message names the tensor. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  /**
   * @param dataBytes what the file holds after the header
   */
  SafetensorsHeader(byte[] json, long dataBytes) throws Refused {
    JsonNode root = parse(json);
    for (Iterator<Map.Entry<String, JsonNode>> i = root.fields(); i.hasNext(); ) {
      Map.Entry<String, JsonNode> entry = i.next();
      if (entry.getKey().chars().anyMatch(Character::isISOControl)) {
        throw new Refused("corrupted: the name of a tensor holds control characters");
      }
      if (!entry.getKey().equals("__metadata__")) {
        tensors.put(entry.getKey(), stored(entry.getKey(), entry.getValue()));
      }
    }
    requireCovered(dataBytes);
  }

  Map<String, Stored> tensors() {
    return tensors;
  }

  private static JsonNode parse(byte[] json) throws Refused {
    try {
      JsonNode root =
          new ObjectMapper()
              .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
              .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
              .readTree(json);
      if (root.isObject()) {
        return root;
      }
    } catch (IOException syntax) {
      // the message of a corrupted header says nothing more
    }
    throw new Refused("corrupted: its header is not JSON of tensors");
  }

  private static Stored stored(String name, JsonNode node) throws Refused {
    StoredType type =
        StoredType.of(node.path("dtype").asText())
            .orElseThrow(
                () -> refused(name, "has type " + node.get("dtype") + ", which is unknown"));
    List<Long> shape = numbers(name, "shape", node.path("shape"));
    List<Long> offsets = numbers(name, "data_offsets", node.path("data_offsets"));
    if (offsets.size() != 2) {
      throw refused(name, "needs two data_offsets, has " + offsets);
    }
    long bytes = type.bytes();
    try {
      for (long extent : shape) {
        bytes = Math.multiplyExact(bytes, extent);
      }
    } catch (ArithmeticException overflow) {
      throw refused(name, "is too large: " + type + " " + shape);
    }
    if (offsets.get(1) - offsets.get(0) != bytes) {
      throw refused(
          name,
          type + " " + shape + " is " + bytes + " bytes, but its data_offsets are " + offsets);
    }
    return new Stored(type, shape, offsets.get(0), offsets.get(1));
  }

  private static List<Long> numbers(String name, String field, JsonNode node) throws Refused {
    boolean valid =
        node.isArray()
            && StreamSupport.stream(node.spliterator(), false)
                .allMatch(item -> item.isIntegralNumber() && item.canConvertToLong())
            && StreamSupport.stream(node.spliterator(), false).allMatch(item -> item.asLong() >= 0);
    if (!valid) {
      throw refused(
          name,
          node.isMissingNode()
              ? "has no " + field
              : "has " + field + " " + node + ", not whole numbers in an array");
    }
    long[] values = new long[node.size()];
    Arrays.setAll(values, i -> node.get(i).asLong());
    return Arrays.stream(values).boxed().toList();
  }

  private void requireCovered(long dataBytes) throws Refused {
    List<Map.Entry<String, Stored>> byPlace = new ArrayList<>(tensors.entrySet());
    byPlace.sort(
        Comparator.comparingLong((Map.Entry<String, Stored> entry) -> entry.getValue().from())
            .thenComparingLong(entry -> entry.getValue().to()));
    long end = 0;
    String before = "the header";
    for (Map.Entry<String, Stored> entry : byPlace) {
      long from = entry.getValue().from();
      if (from != end) {
        throw refused(
            entry.getKey(),
            (from < end ? "overlaps with " : "leaves a hole after ") + before + ": corrupted");
      }
      end = entry.getValue().to();
      before = entry.getKey();
    }
    if (end != dataBytes) {
      String what = end > dataBytes ? "truncated" : "corrupted";
      throw new Refused(
          what + ": holds " + dataBytes + " bytes of tensors, its header says " + end);
    }
  }

  private static Refused refused(String name, String problem) {
    return new Refused("tensor " + name + " " + problem);
  }
}
