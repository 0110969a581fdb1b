package ringattention.template;

import java.math.BigDecimal;
import java.math.MathContext;

/** Python's numbers, with integers of 64 bits: one that does not fit is an error. */
final class PythonNumbers {
  private static final int MOST_DIGITS = 17; // that a double needs to be told from others

  private PythonNumbers() {}

  /** Returns the value of an integer as templates write it, also with 0x, 0o and 0b. */
  static long literal(String digits) {
    try {
      String prefix = digits.length() > 2 ? digits.substring(0, 2).toLowerCase() : "";
      return switch (prefix) {
        case "0x" -> Long.parseLong(digits.substring(2), 16);
        case "0o" -> Long.parseLong(digits.substring(2), 8);
        case "0b" -> Long.parseLong(digits.substring(2), 2);
        default -> Long.parseLong(digits);
      };
    } catch (NumberFormatException e) {
      throw tooLarge();
    }
  }

  /** Returns a Long or Double if a value is a number, where true is 1 and false 0; else null. */
  static Object number(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1L : 0L;
    }
    return value instanceof Long || value instanceof Double ? value : null;
  }

  /** Returns {@code left operator right}, for two results of {@link #number}. */
  static Object calculate(String operator, Object left, Object right) {
    try {
      if (left instanceof Long a && right instanceof Long b) {
        return whole(operator, a, b);
      }
      return real(operator, ((Number) left).doubleValue(), ((Number) right).doubleValue());
    } catch (ArithmeticException e) {
      throw tooLarge();
    }
  }

  private static Object whole(String operator, long a, long b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw byZero();
    }
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "/" -> (double) a / b;
      case "//" -> a == Long.MIN_VALUE && b == -1 ? Math.negateExact(a) : Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> b < 0 ? real(operator, a, b) : power(a, b);
    };
  }

  private static long power(long base, long exponent) {
    if (base == 0 || base == 1) {
      return exponent == 0 ? 1 : base;
    } else if (base == -1) {
      return exponent % 2 == 0 ? 1 : -1;
    }
    long product = 1;
    for (long i = 0; i < exponent; i++) { // 63 times at most, or it overflows
      product = Math.multiplyExact(product, base);
    }
    return product;
  }

  private static Object real(String operator, double a, double b) {
    boolean zero = operator.equals("**") ? a == 0 && b < 0 : b == 0;
    if (zero && !"+-*".contains(operator)) {
      throw byZero();
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor((a - modulo(a, b)) / b + 0.5); // Python's: what the remainder leaves
      case "%" -> modulo(a, b);
      default -> Math.pow(a, b);
    };
  }

  /** The remainder that has the sign of the divisor. */
  private static double modulo(double a, double b) {
    double remainder = a % b;
    if (remainder == 0) {
      return Math.copySign(0, b);
    }
    return remainder < 0 != b < 0 ? remainder + b : remainder;
  }

  /** Returns a float as Python prints it: the fewest digits that mean this number. */
  static String text(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    } else if (Double.isInfinite(value)) {
      return value < 0 ? "-inf" : "inf";
    } else if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(value);
    int precision = 1;
    BigDecimal shortest = exact.round(new MathContext(precision));
    while (shortest.doubleValue() != value && precision < MOST_DIGITS) {
      shortest = exact.round(new MathContext(++precision));
    }
    String digits = shortest.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    digits = digits.replaceAll("0+$", "");
    String sign = value < 0 ? "-" : "";
    if (exponent < -4 || exponent >= 16) {
      String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
      String power = (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "");
      return sign + digits.charAt(0) + fraction + "e" + power + Math.abs(exponent);
    } else if (exponent < 0) {
      return sign + "0." + "0".repeat(-exponent - 1) + digits;
    } else if (digits.length() <= exponent + 1) {
      return sign + digits + "0".repeat(exponent + 1 - digits.length()) + ".0";
    }
    return sign + digits.substring(0, exponent + 1) + "." + digits.substring(exponent + 1);
  }

  private static TemplateException byZero() {
    return new TemplateException("division by zero");
  }

  static TemplateException tooLarge() {
    return new TemplateException("an integer does not fit into 64 bits");
  }
}
