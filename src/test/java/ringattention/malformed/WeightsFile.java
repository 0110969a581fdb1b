package ringattention.malformed;

import static ringattention.malformed.Damage.nested;
import static ringattention.malformed.Damage.utf8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The safetensors file of a small model, good and spoilt. */
final class WeightsFile {
  /**
   * A bad one.
   *
   * @param what is wrong with it
   * @param surely whether it must be refused
   */
  record Spoilt(String what, byte[] file, boolean surely) {}

  private final Damage damage;

  WeightsFile(Damage damage) {
    this.damage = damage;
  }

  /** Nothing is wrong with it. */
  static byte[] good() {
    return file(utf8(header()), dataBytes());
  }

  /** In one of many ways. */
  Spoilt spoilt() {
    String header = header();
    long data = dataBytes();
    return switch (damage.below(9)) {
      case 0 -> {
        long claimed =
            damage.any(
                List.of(0L, 1L, 99_999_999L, 1L << 31, 1L << 40, Long.MAX_VALUE, -1L, 1L << 63));
        byte[] file = file(utf8(header), data);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, claimed);
        yield new Spoilt("a header of " + claimed, file, true);
      }
      case 1 -> {
        String bad = replaced(header, "\\[(\\d+),(\\d+)\\]\\}", offsets());
        yield new Spoilt("other offsets", file(utf8(bad), data), true);
      }
      case 2 -> {
        String extents = damage.any(List.of("[4294967296,4294967296]", "[9223372036854775807,2]"));
        String bad = replaced(header, "\"shape\":\\[[^\\]]*\\]", "\"shape\":" + extents);
        yield new Spoilt("a product that overflows", file(utf8(bad), data), true);
      }
      case 3 -> {
        String type = damage.any(List.of("F64", "I8", "BOOL", "", "f32", "\\u0000"));
        String bad = replaced(header, "\"dtype\":\"F32\"", "\"dtype\":\"" + type + "\"");
        yield new Spoilt("type " + type, file(utf8(bad), data), true);
      }
      case 4 -> {
        String bad = header.replaceFirst("\\{", "{" + firstEntry(header) + ",");
        yield new Spoilt("a name twice", file(utf8(bad), data), true);
      }
      case 5 -> {
        String deep = nested("{\"a\":", "}", 1 << damage.below(18)).replace(":}", ":1}");
        yield new Spoilt("deep nesting", file(utf8(deep), data), true);
      }
      case 6 -> {
        byte[] bad = utf8(header);
        bad[1 + damage.below(bad.length - 2)] = (byte) 0xff;
        yield new Spoilt("no UTF-8", file(bad, data), true);
      }
      case 7 -> new Spoilt("another value", file(damage.json(utf8(header)), data), false);
      default -> new Spoilt("bytes", damage.bytes(file(utf8(header), data)), false);
    };
  }

  private String offsets() {
    return damage.any(
        List.of(
            "[0,0]}",
            "[-4,8]}",
            "[8,4]}",
            "[0,9223372036854775807]}",
            "[9223372036854775800,9223372036854775807]}",
            "[0,1e3]}",
            "[0]}",
            "[0,18446744073709551616]}",
            "{}}",
            "[\"0\",\"32\"]}"));
  }

  /** With one of the matches replaced. */
  private String replaced(String text, String pattern, String by) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    List<int[]> places = new ArrayList<>();
    while (matcher.find()) {
      places.add(new int[] {matcher.start(), matcher.end()});
    }
    int[] place = damage.any(places);
    return text.substring(0, place[0]) + by + text.substring(place[1]);
  }

  private static String firstEntry(String header) {
    return header.substring(1, header.indexOf('}') + 1);
  }

  private static Map<String, List<Long>> shapes() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    String block = "model.layers.0.";
    shapes.put("model.embed_tokens.weight", List.of(256L, 8L));
    shapes.put(block + "input_layernorm.weight", List.of(8L));
    shapes.put(block + "self_attn.q_proj.weight", List.of(8L, 8L));
    shapes.put(block + "self_attn.k_proj.weight", List.of(4L, 8L));
    shapes.put(block + "self_attn.v_proj.weight", List.of(4L, 8L));
    shapes.put(block + "self_attn.o_proj.weight", List.of(8L, 8L));
    shapes.put(block + "post_attention_layernorm.weight", List.of(8L));
    shapes.put(block + "mlp.gate_proj.weight", List.of(16L, 8L));
    shapes.put(block + "mlp.up_proj.weight", List.of(16L, 8L));
    shapes.put(block + "mlp.down_proj.weight", List.of(8L, 16L));
    shapes.put("model.norm.weight", List.of(8L));
    shapes.put("lm_head.weight", List.of(256L, 8L));
    return shapes;
  }

  private static long bytes(List<Long> shape) {
    return 4 * shape.stream().reduce(1L, (a, b) -> a * b);
  }

  private static long dataBytes() {
    return shapes().values().stream().mapToLong(WeightsFile::bytes).sum();
  }

  private static String header() {
    Map<String, Object> root = new LinkedHashMap<>();
    long end = 0;
    for (Map.Entry<String, List<Long>> shape : shapes().entrySet()) {
      long from = end;
      end += bytes(shape.getValue());
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", "F32");
      entry.put("shape", shape.getValue());
      entry.put("data_offsets", List.of(from, end));
      root.put(shape.getKey(), entry);
    }
    try {
      return new ObjectMapper().writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] file(byte[] header, long data) {
    ByteBuffer file = ByteBuffer.allocate(Long.BYTES + header.length + (int) data);
    file.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header);
    return Arrays.copyOf(file.array(), file.capacity());
  }
}
