package ringattention.template;

import java.util.List;
import java.util.Map;

/** The plain forms of Python's two ways to format: {@code '%s' % x} and {@code '{}'.format(x)}. */
final class TextFormat {
  private TextFormat() {}

  /** Returns {@code format % value}: %s, %r, %d, %i and %%, without widths. */
  static String percent(String format, Object value, Budget budget) {
    List<Object> values = value instanceof Tuple tuple ? tuple.items() : null;
    StringBuilder out = new StringBuilder();
    int used = 0;
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      char kind = c != '%' ? 0 : ++i < format.length() ? format.charAt(i) : ' ';
      if (c != '%' || kind == '%') {
        out.append(c);
        continue;
      }
      int count = values == null ? 1 : values.size();
      if (used == count) {
        throw new TemplateException("too few values for the format '" + format + "'");
      }
      Object next = values == null ? value : values.get(used);
      used++;
      out.append(converted(kind, next, format, budget));
      budget.step();
      budget.length(out.length());
    }
    if (used
        < (values == null
            ? (value instanceof Map || value instanceof List ? 0 : 1)
            : values.size())) {
      throw new TemplateException("too many values for the format '" + format + "'");
    }
    return out.toString();
  }

  private static String converted(char kind, Object value, String format, Budget budget) {
    if (kind == 's') {
      return PythonText.str(value, budget);
    } else if (kind == 'r') {
      return PythonText.repr(value, budget);
    } else if ((kind == 'd' || kind == 'i') && PythonNumbers.number(value) != null) {
      return Long.toString(((Number) PythonNumbers.number(value)).longValue());
    }
    throw new TemplateException(
        "'%" + kind + "' of the format '" + format + "' does not take " + Types.name(value));
  }

  /** Returns {@code format.format(...)}: fields without attributes and without a format. */
  static String braces(String format, Arguments arguments, Budget budget) {
    StringBuilder out = new StringBuilder();
    int next = 0;
    int i = 0;
    while (i < format.length()) {
      char c = format.charAt(i++);
      if ((c == '{' || c == '}') && i < format.length() && format.charAt(i) == c) {
        out.append(c);
        i++;
      } else if (c == '{') {
        int end = format.indexOf('}', i);
        String field = end < 0 ? "?" : format.substring(i, end);
        if (!field.matches("\\w*")) {
          throw new TemplateException("format(): a field '{" + field + "}' is not supported");
        }
        Object value =
            field.isEmpty() || Character.isDigit(field.charAt(0))
                ? positional(arguments, field.isEmpty() ? String.valueOf(next++) : field)
                : arguments.named().getOrDefault(field, Dicts.ABSENT);
        if (value == Dicts.ABSENT) {
          throw new TemplateException("format() misses the value of '{" + field + "}'");
        }
        out.append(PythonText.str(value, budget));
        budget.step();
        budget.length(out.length());
        i = end + 1;
      } else if (c == '}') {
        throw new TemplateException("format(): a '}' without its '{'");
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static Object positional(Arguments arguments, String field) {
    int i = field.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(field);
    return i < arguments.positional().size() ? arguments.positional().get(i) : Dicts.ABSENT;
  }
}
