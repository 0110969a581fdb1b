package ringattention.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's operators between values of any types. */
final class Operators {
  private Operators() {}

  static Object negative(Object value) {
    Object number = PythonNumbers.number(value);
    if (number == null) {
      throw mismatch("-", value, value);
    }
    return PythonNumbers.calculate("-", 0L, number) instanceof Long whole
        ? whole
        : (Object) (-(Double) number);
  }

  static Object arithmetic(String operator, Object left, Object right, Budget budget) {
    Object a = PythonNumbers.number(left);
    Object b = PythonNumbers.number(right);
    if (a != null && b != null) {
      return PythonNumbers.calculate(operator, a, b);
    }
    if (operator.equals("+")) {
      if (left instanceof String head && right instanceof String tail) {
        budget.text((long) head.length() + tail.length());
        return head.concat(tail);
      } else if (Types.isList(left) && Types.isList(right)) {
        return joined(left, right, budget);
      } else if (left instanceof Tuple && right instanceof Tuple) {
        return new Tuple(joined(left, right, budget));
      }
    } else if (operator.equals("*") && a instanceof Long times) {
      return repeated(right, times, operator, left, budget);
    } else if (operator.equals("*") && b instanceof Long times) {
      return repeated(left, times, operator, right, budget);
    } else if (operator.equals("%") && left instanceof String format) {
      return TextFormat.percent(format, right, budget);
    }
    throw mismatch(operator, left, right);
  }

  private static List<Object> joined(Object left, Object right, Budget budget) {
    List<Object> all = Types.list(left, budget);
    all.addAll(Types.list(right, budget));
    return all;
  }

  private static Object repeated(
      Object value, long times, String operator, Object other, Budget budget) {
    long count = Math.max(0, Math.min(times, Integer.MAX_VALUE));
    if (value instanceof String text) {
      budget.text(text.length() * count);
      return text.repeat((int) (text.isEmpty() ? 0 : count));
    } else if (Types.isList(value) || value instanceof Tuple) {
      List<Object> once = Types.list(value, budget);
      budget.steps(once.size() * count);
      List<Object> all = new ArrayList<>();
      for (long i = 0; i < (once.isEmpty() ? 0 : count); i++) {
        all.addAll(once);
      }
      return value instanceof Tuple ? new Tuple(all) : all;
    }
    throw mismatch(operator, value, other);
  }

  static boolean compare(String operator, Object left, Object right, Budget budget) {
    return switch (operator) {
      case "==" -> equal(left, right, budget);
      case "!=" -> !equal(left, right, budget);
      case "in" -> contains(right, left, budget);
      case "not in" -> !contains(right, left, budget);
      default -> ordered(operator, left, right, budget);
    };
  }

  private static boolean ordered(String operator, Object left, Object right, Budget budget) {
    if (isNaN(left) || isNaN(right)) {
      return false;
    }
    int order = order(operator, left, right, budget);
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  private static boolean isNaN(Object value) {
    return value instanceof Double number && number.isNaN();
  }

  /** Returns the order of two values, negative if the left is less. */
  static int order(String operator, Object left, Object right, Budget budget) {
    Object a = PythonNumbers.number(left);
    Object b = PythonNumbers.number(right);
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    } else if (a != null && b != null) {
      double x = ((Number) a).doubleValue();
      double y = ((Number) b).doubleValue();
      return x < y ? -1 : x > y ? 1 : 0;
    } else if (left instanceof String x && right instanceof String y) {
      budget.reading(x);
      return byCodePoints(x, y);
    } else if ((Types.isList(left) && Types.isList(right))
        || (left instanceof Tuple && right instanceof Tuple)) {
      budget.enter();
      Iterator<Object> xs = Types.iterator(left);
      Iterator<Object> ys = Types.iterator(right);
      int order = 0;
      while (order == 0 && xs.hasNext() && ys.hasNext()) {
        Object x = xs.next();
        Object y = ys.next();
        order = equal(x, y, budget) ? 0 : order(operator, x, y, budget);
      }
      budget.leave();
      return order != 0 ? order : Long.compare(Types.size(left), Types.size(right));
    }
    throw mismatch(operator, left, right);
  }

  /** Java orders halves of pairs, in which U+1F600 comes before U+FF5E. */
  private static int byCodePoints(String x, String y) {
    int i = 0;
    int shorter = Math.min(x.length(), y.length());
    while (i < shorter && x.charAt(i) == y.charAt(i)) {
      i++;
    }
    if (i == shorter) {
      return Integer.compare(x.length(), y.length());
    }
    char a = x.charAt(i);
    char b = y.charAt(i);
    boolean pairs = Character.isSurrogate(a) != Character.isSurrogate(b);
    return pairs ? Boolean.compare(Character.isSurrogate(a), Character.isSurrogate(b)) : a - b;
  }

  /** Returns whether {@code left == right}: across types of numbers, element by element. */
  static boolean equal(Object left, Object right, Budget budget) {
    budget.step();
    Object a = PythonNumbers.number(left);
    Object b = PythonNumbers.number(right);
    if (a != null && b != null) {
      return a instanceof Long && b instanceof Long
          ? a.equals(b)
          : ((Number) a).doubleValue() == ((Number) b).doubleValue();
    } else if (left instanceof String x && right instanceof String y) {
      budget.reading(x);
      return x.equals(y);
    } else if (left == right || (left instanceof Undefined && right instanceof Undefined)) {
      return true;
    }
    boolean ranges = left instanceof Range && right instanceof Range;
    boolean lists = ranges || (Types.isList(left) && Types.isList(right));
    if (lists || (left instanceof Tuple && right instanceof Tuple)) {
      return Types.size(left) == Types.size(right) && sameElements(left, right, budget);
    } else if (left instanceof Map && right instanceof Map) {
      return Types.size(left) == Types.size(right) && sameEntries(left, right, budget);
    }
    return false;
  }

  private static boolean sameElements(Object left, Object right, Budget budget) {
    budget.enter();
    Iterator<Object> ys = Types.iterator(right);
    boolean same = true;
    for (Iterator<Object> xs = Types.iterator(left); same && xs.hasNext(); ) {
      same = equal(xs.next(), ys.next(), budget);
    }
    budget.leave();
    return same;
  }

  private static boolean sameEntries(Object left, Object right, Budget budget) {
    budget.enter();
    boolean same = true;
    for (Map.Entry<Object, Object> entry : Types.dict(left).entrySet()) {
      Object key = Dicts.key(Types.dict(right), entry.getKey(), budget);
      same &= key != Dicts.ABSENT && equal(entry.getValue(), Types.dict(right).get(key), budget);
    }
    budget.leave();
    return same;
  }

  /** Returns whether {@code value in container}: part of a text, key of a dict, element. */
  static boolean contains(Object container, Object value, Budget budget) {
    if (container instanceof String text) {
      if (!(value instanceof String part)) {
        throw mismatch("in", value, container);
      }
      budget.reading(text);
      return text.contains(part);
    } else if (container instanceof Map) {
      return Dicts.key(Types.dict(container), value, budget) != Dicts.ABSENT;
    } else if (!Types.isIterable(container)) {
      throw mismatch("in", value, container);
    }
    for (Iterator<Object> each = Types.iterator(container); each.hasNext(); ) {
      if (equal(each.next(), value, budget)) {
        return true;
      }
    }
    return false;
  }

  /** Returns a list in order; equal elements keep theirs. */
  static List<Object> sorted(List<Object> list, boolean reverse, Budget budget) {
    List<Object> sorted = new ArrayList<>(list);
    Comparator<Object> order = (x, y) -> order("<", key(x), key(y), budget);
    sorted.sort(reverse ? Collections.reverseOrder(order) : order);
    return sorted;
  }

  private static Object key(Object element) {
    return element instanceof Keyed keyed ? keyed.key() : element;
  }

  /** An element and what it is ordered by. */
  record Keyed(Object key, Object element) {}

  private static TemplateException mismatch(String operator, Object left, Object right) {
    for (Object side : new Object[] {left, right}) {
      if (side instanceof Undefined undefined) {
        return undefined.fault();
      }
    }
    return new TemplateException(
        "'" + operator + "' does not take " + Types.name(left) + " and " + Types.name(right));
  }
}
