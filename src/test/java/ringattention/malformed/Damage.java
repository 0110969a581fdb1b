package ringattention.malformed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What happens to good bytes: as on bad disks, in bad editors, and in bad hands. */
final class Damage {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** JSON values that stand where another was expected. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "1.5",
          "1e308",
          "-1e400",
          "2147483647",
          "2147483648",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775808",
          "\"\"",
          "\"../../etc/passwd\"",
          "\"\\u0000\"",
          "\"a\\nb\"",
          "[]",
          "[[]]",
          "{}",
          "[9223372036854775807, 9223372036854775807]",
          "[-1, 3]",
          "[1e99]",
          "{\"a\": {\"b\": [1]}}");

  private final Random random;

  Damage(Random random) {
    this.random = random;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  <T> T any(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** Some bytes set to others. */
  byte[] flipped(byte[] good) {
    byte[] bytes = good.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  /** Ends too early. */
  byte[] truncated(byte[] good) {
    return Arrays.copyOf(good, random.nextInt(good.length));
  }

  /** A part of it twice, or gone. */
  byte[] spliced(byte[] good) {
    int from = random.nextInt(good.length);
    int to = from + random.nextInt(good.length - from);
    String text = new String(good, ISO_8859_1);
    String part = random.nextBoolean() ? text.substring(from, to).repeat(2) : "";
    return (text.substring(0, from) + part + text.substring(to)).getBytes(ISO_8859_1);
  }

  byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    random.nextBytes(noise);
    return noise;
  }

  /** One of the four above. */
  byte[] bytes(byte[] good) {
    return switch (random.nextInt(6)) {
      case 0 -> truncated(good);
      case 1 -> spliced(good);
      case 2 -> noise(1 + random.nextInt(300));
      default -> flipped(good);
    };
  }

  /** A number that no key takes, or another. */
  String number() {
    return any(
        List.of(
            "0",
            "-1",
            "nan",
            "inf",
            "-inf",
            "1e400",
            "-1e-400",
            "2147483647",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "1" + "0".repeat(1 + random.nextInt(400)),
            "0.1e" + random.nextInt(1 << 30),
            "1_0__0",
            "0x7fffffffffffffff",
            Long.toString(random.nextLong())));
  }

  /** Nested so deep that a parser that calls itself would run out of stack. */
  static String nested(String open, String close, int depth) {
    return open.repeat(depth) + close.repeat(depth);
  }

  /** One value of a JSON document, anywhere in it, is another. */
  byte[] json(byte[] good) {
    try {
      JsonNode root = JSON.readTree(good);
      List<JsonNode> containers = new ArrayList<>();
      collect(root, containers);
      replace(any(containers));
      return JSON.writeValueAsBytes(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void replace(JsonNode container) throws IOException {
    JsonNode value = JSON.readTree(any(VALUES));
    if (container instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = any(names);
      switch (random.nextInt(4)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(name + any(List.of("", " ", "\n", "x", "\u0000")), object.get(name));
        default -> object.set(name, value);
      }
    } else if (container instanceof ArrayNode array) {
      array.set(random.nextInt(array.size()), value);
    }
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode() && !node.isEmpty()) {
      containers.add(node);
      node.forEach(child -> collect(child, containers));
    }
  }

  static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }
}
