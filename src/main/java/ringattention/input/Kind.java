package ringattention.input;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What kind of value a key has.
 *
 * @param name for the list of keys, for example "whole number"
 * @param allowed which of them
 * @param convert makes it of a parsed value; null for one that is not allowed
 */
record Kind<T>(String name, String allowed, Function<Object, T> convert) {
  static final Kind<Boolean> FLAG =
      new Kind<>("true or false", "any", value -> value instanceof Boolean flag ? flag : null);

  static final Kind<String> TEXT = new Kind<>("text", "not empty", Values::toText);

  /** Text that may be white space. */
  static final Kind<String> WORDING = new Kind<>("text", "not empty", Values::toWording);

  static final Kind<Object> NUMBER_OR_WORDING =
      new Kind<>("whole number or text", "at least 0, or not empty", Values::toNumberOrWording);

  static Kind<Integer> integer(Range range) {
    return new Kind<>("whole number", range.text(), value -> Values.toInteger(value, range));
  }

  static Kind<Long> longInteger(Range range) {
    return new Kind<>("whole number", range.text(), value -> Values.toLong(value, range));
  }

  static Kind<Double> number(Range range) {
    return new Kind<>("number", range.text(), value -> Values.toNumber(value, range));
  }

  static <E extends Enum<E>> Kind<E> choice(Class<E> type) {
    return new Kind<>("text", Values.choices(type), value -> Values.toChoice(value, type));
  }

  /** Returns lists of at least one of these. */
  Kind<List<T>> some() {
    return list("one or more, ", 1);
  }

  /** Returns lists of these, which may be empty. */
  Kind<List<T>> any() {
    return list("", 0);
  }

  private Kind<List<T>> list(String count, int fewest) {
    return new Kind<>(
        "list of " + name.replace(" or ", "s or ") + "s",
        count + "each " + allowed,
        value -> {
          if (!(value instanceof List<?> items) || items.size() < fewest) {
            return null;
          }
          List<T> converted = new ArrayList<>();
          for (Object item : items) {
            converted.add(convert.apply(item));
          }
          return converted.contains(null) ? null : List.copyOf(converted);
        });
  }

  /** Returns what is said of a value that is none of these. */
  String must() {
    if (allowed.startsWith("\"")) {
      return "must be " + allowed;
    }
    String noun = this == FLAG ? name : "a " + name;
    return "must be " + (allowed.equals("any") ? noun : noun + ", " + allowed);
  }
}
