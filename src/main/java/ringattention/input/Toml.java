package ringattention.input;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * TOML text to values and back. Values are String, Boolean, Integer, Long, Double, List; Map only
 * where a section is empty.
 */
public final class Toml {
  private static final int LONGEST_VALUE = 80;

  private Toml() {}

  /** Every value by its full dotted key, in the order of the file. */
  static Map<String, Object> parse(String text) throws JacksonException {
    Map<String, Object> leaves = new LinkedHashMap<>();
    flatten("", new TomlMapper().readValue(text, Map.class), leaves);
    return leaves;
  }

  private static void flatten(String prefix, Map<?, ?> table, Map<String, Object> leaves) {
    table.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> inner && !inner.isEmpty()) {
            flatten(prefix + key + ".", inner, leaves);
          } else if (isTables(value)) {
            int number = 0;
            for (Object element : (List<?>) value) {
              number++;
              flatten(prefix + key + ".", Map.of(Integer.toString(number), element), leaves);
            }
          } else {
            leaves.put(prefix + key, value);
          }
        });
  }

  /** Whether a value is a list of tables; they are counted from 1. */
  private static boolean isTables(Object value) {
    return value instanceof List<?> list
        && !list.isEmpty()
        && list.stream().allMatch(element -> element instanceof Map<?, ?>);
  }

  /**
   * The value of an override: what TOML reads, else the text itself, so that words need no quotes.
   */
  static Object value(String text) {
    try {
      Map<String, Object> parsed = parse("value = " + text);
      return parsed.keySet().equals(Set.of("value")) ? parsed.get("value") : text;
    } catch (JacksonException notToml) {
      return text;
    }
  }

  /** Returns a value as it is written in a file. */
  public static String write(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(Toml::write).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Map<?, ?>) {
      return "{}";
    }
    if (value instanceof Double number && Double.isFinite(number)) {
      return number.toString().replace(".0E", "e").replace('E', 'e'); // 3e-4, not 3.0E-4
    }
    if (value instanceof String || value instanceof Path || value instanceof Enum) {
      return quote(value.toString());
    }
    return String.valueOf(value);
  }

  /** Returns {@link #write}, cut to fit one line of an error. */
  public static String brief(Object value) {
    String text = write(value);
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "...";
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
              } else if (c < ' ' || c == 0x7f) {
                quoted.append(String.format("\\u%04x", c));
              } else {
                quoted.append((char) c);
              }
            });
    return quoted.append('"').toString();
  }
}
