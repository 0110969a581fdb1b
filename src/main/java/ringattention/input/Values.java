package ringattention.input;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Values of TOML as the types of keys; null where a value is not allowed. */
final class Values {
  private Values() {}

  static Integer toInteger(Object value, Range range) {
    Long whole = toLong(value, range);
    return whole == null || whole != whole.intValue() ? null : Integer.valueOf(whole.intValue());
  }

  static Long toLong(Object value, Range range) {
    boolean whole = value instanceof Integer || value instanceof Long;
    return whole ? accept(((Number) value).longValue(), range) : null;
  }

  static Double toNumber(Object value, Range range) {
    return value instanceof Number number && Double.isFinite(number.doubleValue())
        ? accept(number.doubleValue(), range)
        : null;
  }

  private static <T extends Number> T accept(T value, Range range) {
    return range.accepts().test(value.doubleValue()) ? value : null;
  }

  static String toText(Object value) {
    return value instanceof String text && !text.isBlank() ? text : null;
  }

  static String toWording(Object value) {
    return value instanceof String text && !text.isEmpty() ? text : null;
  }

  static Object toNumberOrWording(Object value) {
    Integer number = toInteger(value, Range.atLeast(0));
    return number == null ? toWording(value) : number;
  }

  static <E extends Enum<E>> E toChoice(Object value, Class<E> type) {
    return Arrays.stream(type.getEnumConstants())
        .filter(choice -> choice.toString().equals(value))
        .findFirst()
        .orElse(null);
  }

  static String choices(Class<? extends Enum<?>> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(Toml::write)
        .collect(Collectors.joining(" or "));
  }
}
