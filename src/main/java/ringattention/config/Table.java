package ringattention.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Typed reads of one section of an input. Remembers every key with the value used, and refuses what nobody asked for. */
final class Table {
  private final String section;
  private final ObjectNode given;
  private final ObjectNode used;
  private final Map<String, String> origins; // full key -> where it was given

  /**
   * @param given what the input says
   * @param used takes the values in use, defaults included
   * @param origins file or command line, by full key; under the section's name the file
   */
  Table(String section, ObjectNode given, ObjectNode used, Map<String, String> origins) {
    this.section = section;
    this.given = given;
    this.used = used;
    this.origins = origins;
  }

  boolean has(String key) {
    return given.has(key);
  }

  int integer(String key, Integer fallback, int least, int most) {
    return (int) whole(key, fallback == null ? null : fallback.longValue(), least, most);
  }

  /** @param fallback null where the key is required */
  long whole(String key, Long fallback, long least, long most) {
    String allowed = "a whole number " + range(least, most);
    JsonNode node = node(key, fallback, allowed);
    long value = node.canConvertToLong() ? node.longValue() : 0;
    require(
        node.isIntegralNumber() && node.canConvertToLong() && value >= least && value <= most,
        key,
        "must be " + allowed);
    used.put(key, value);
    return value;
  }

  private static String range(long least, long most) {
    return most >= Integer.MAX_VALUE ? "of at least " + least : "from " + least + " to " + most;
  }

  /** @param least and most are allowed themselves */
  double number(String key, Double fallback, double least, double most) {
    String allowed =
        Double.isInfinite(most)
            ? "a number of at least " + least
            : "a number from " + least + " to " + most;
    JsonNode node = node(key, fallback, allowed);
    double value = node.doubleValue();
    require(
        node.isNumber() && Double.isFinite(value) && value >= least && value <= most,
        key,
        "must be " + allowed);
    used.put(key, value);
    return value;
  }

  /** A number greater than zero. */
  double positive(String key, Double fallback) {
    double value = number(key, fallback, 0, Double.POSITIVE_INFINITY);
    require(value > 0, key, "must be a number greater than 0");
    return value;
  }

  String text(String key, String fallback) {
    JsonNode node = node(key, fallback, "a text");
    require(node.isTextual() && !node.textValue().isBlank(), key, "must be a text, not empty");
    used.put(key, node.textValue());
    return node.textValue();
  }

  boolean flag(String key, boolean fallback) {
    JsonNode node = node(key, fallback, "true or false");
    require(node.isBoolean(), key, "must be true or false");
    used.put(key, node.booleanValue());
    return node.booleanValue();
  }

  <E extends Enum<E>> E choice(String key, E fallback) {
    E value = choice(key, node(key, spelling(fallback), "a choice"), fallback);
    used.put(key, spelling(value));
    return value;
  }

  private <E extends Enum<E>> E choice(String key, JsonNode node, E fallback) {
    E[] constants = fallback.getDeclaringClass().getEnumConstants();
    for (E constant : constants) {
      if (node.isTextual() && node.textValue().equals(spelling(constant))) {
        return constant;
      }
    }
    List<String> names = Arrays.stream(constants).map(Table::spelling).toList();
    throw error(key, "must be one of " + String.join(", ", names));
  }

  List<Integer> integers(String key, List<Integer> fallback, int least, int most) {
    ArrayNode defaults = given.arrayNode();
    fallback.forEach(number -> defaults.add(number));
    String allowed = "must be a list of whole numbers " + range(least, most) + ", not empty";
    return list(
        key,
        defaults,
        allowed,
        node -> {
          boolean whole = node.isIntegralNumber() && node.canConvertToInt();
          require(whole && node.intValue() >= least && node.intValue() <= most, key, allowed);
          return node.intValue();
        });
  }

  <E extends Enum<E>> List<E> choices(String key, List<E> fallback) {
    ArrayNode defaults = given.arrayNode();
    fallback.forEach(value -> defaults.add(spelling(value)));
    return list(
        key,
        defaults,
        "must be a list, not empty",
        node -> choice(key, node, fallback.get(0)));
  }

  /** An empty list where the key is not given. */
  List<String> texts(String key) {
    String allowed = "must be a list of texts";
    return list(
        key,
        given.arrayNode(),
        allowed,
        node -> {
          require(node.isTextual(), key, allowed);
          return node.textValue();
        });
  }

  private <T> List<T> list(
      String key, ArrayNode fallback, String allowed, Function<JsonNode, T> element) {
    JsonNode node = given.has(key) ? given.get(key) : fallback;
    require(node.isArray() && (!node.isEmpty() || fallback.isEmpty()), key, allowed);
    List<T> values = new ArrayList<>();
    node.forEach(entry -> values.add(element.apply(entry)));
    used.set(key, node);
    return List.copyOf(values);
  }

  /** Refuses keys that were given and never asked for. */
  void finish() {
    given
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!used.has(key)) {
                throw new InputException(
                    Spelling.unknown(origin(key), section + "." + key, "keys", keys()));
              }
            });
  }

  private List<String> keys() {
    List<String> keys = new ArrayList<>();
    used.fieldNames().forEachRemaining(key -> keys.add(section + "." + key));
    return keys;
  }

  /** What is wrong with the value of a key. */
  void require(boolean condition, String key, String allowed) {
    if (!condition) {
      throw error(key, allowed);
    }
  }

  /** As {@link #require}, with a text made only when needed. */
  void require(boolean condition, String key, Supplier<String> allowed) {
    if (!condition) {
      throw error(key, allowed.get());
    }
  }

  InputException error(String key, String allowed) {
    JsonNode value = given.has(key) ? given.get(key) : used.get(key);
    return new InputException(
        String.format("%s: %s.%s = %s: %s", origin(key), section, key, value, allowed));
  }

  private JsonNode node(String key, Object fallback, String allowed) {
    if (given.has(key)) {
      return given.get(key);
    }
    if (fallback == null) {
      throw new InputException(
          String.format("%s: %s.%s is missing: %s is needed", origin(section), section, key, allowed));
    }
    ObjectNode holder = given.objectNode();
    if (fallback instanceof Long number) {
      holder.put(key, number);
    } else if (fallback instanceof Double number) {
      holder.put(key, number);
    } else if (fallback instanceof Boolean flag) {
      holder.put(key, flag);
    } else {
      holder.put(key, (String) fallback);
    }
    return holder.get(key);
  }

  private String origin(String key) {
    return origins.getOrDefault(section + "." + key, origins.get(section));
  }

  /** As written in TOML: lower case, with dashes. */
  static String spelling(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
