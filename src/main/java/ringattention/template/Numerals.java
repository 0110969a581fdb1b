package ringattention.template;

import java.math.BigInteger;
import java.util.Locale;

/** Numbers that stand in texts, as Python's int() and float() read them. */
final class Numerals {
  private Numerals() {}

  /** Returns the integer that a text is, or null. */
  static Long integer(String text, int base) {
    String digits = digits(text).toLowerCase(Locale.ROOT);
    String sign = digits.startsWith("-") ? "-" : "";
    digits = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
    String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : " ";
    digits = digits.startsWith(prefix) ? digits.substring(2) : digits;
    if (base < 2 || base > 36 || digits.startsWith("-") || digits.startsWith("+")) {
      return null;
    }
    if (!digits.isEmpty() && digits.chars().allMatch(c -> Character.digit(c, base) >= 0)) {
      if (digits.length() > 64 || new BigInteger(sign + digits, base).bitLength() > 63) {
        throw PythonNumbers.tooLarge();
      }
      return new BigInteger(sign + digits, base).longValue();
    }
    return null;
  }

  /** Returns the number that a text is, or null. */
  static Double real(String text) {
    String digits = digits(text).toLowerCase(Locale.ROOT);
    if (digits.matches("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?")) {
      return Double.valueOf(digits);
    } else if (digits.matches("[+-]?(?:inf|infinity)")) {
      return digits.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return digits.matches("[+-]?nan") ? Double.NaN : null;
  }

  /** A numeral without white space around and without single underscores between digits. */
  private static String digits(String text) {
    return PythonText.strip(text, null, true, true)
        .replaceAll("(?<=[0-9a-zA-Z])_(?=[0-9a-zA-Z])", "");
  }

  /** Returns a number without its fraction. */
  static long truncated(double value) {
    if (Math.abs(value) >= 0x1p63) {
      throw PythonNumbers.tooLarge();
    }
    return (long) value;
  }
}
