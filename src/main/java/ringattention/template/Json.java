package ringattention.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import ringattention.template.Arguments.Bound;

/**
 * The filter {@code tojson} as Hugging Face's templates have it: Python's {@code json.dumps}, with
 * keys in their order and nothing escaped for HTML.
 */
final class Json {
  private final Budget budget;
  private final boolean ascii;
  private final String indent; // of one level; null if all stands on one line
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sorted;
  private final StringBuilder out = new StringBuilder();

  private Json(Bound bound, Budget budget) {
    this.budget = budget;
    this.ascii = bound.flag(0);
    this.indent = indent(bound.or(1, null));
    Object separators = bound.or(2, null);
    if (separators == null) {
      this.itemSeparator = indent == null ? ", " : ",";
      this.keySeparator = ": ";
    } else {
      List<Object> pair = Types.list(separators, budget);
      if (pair.size() != 2 || !pair.stream().allMatch(String.class::isInstance)) {
        throw new TemplateException("tojson takes two strings as 'separators'");
      }
      this.itemSeparator = (String) pair.get(0);
      this.keySeparator = (String) pair.get(1);
    }
    this.sorted = bound.flag(3);
  }

  static String of(Object value, Arguments arguments, Budget budget) {
    Json json =
        new Json(
            arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys"), budget);
    json.value(value, "\n");
    return json.out.toString();
  }

  private static String indent(Object width) {
    if (width == null || width instanceof String) {
      return (String) width;
    } else if (PythonNumbers.number(width) instanceof Long spaces && spaces <= 1000) {
      return " ".repeat((int) Math.max(0, spaces));
    }
    throw new TemplateException("tojson takes a string or a small integer as 'indent'");
  }

  private void value(Object value, String line) {
    budget.step();
    if (value instanceof String text) {
      quoted(text);
    } else if (Types.isList(value) || value instanceof Tuple) {
      nested("[", Types.iterator(value), "]", line);
    } else if (value instanceof Map) {
      nested("{", entries(Types.dict(value)), "}", line);
    } else {
      out.append(scalar(value));
    }
  }

  private static String scalar(Object value) {
    if (value == null) {
      return "null";
    } else if (value instanceof Boolean || value instanceof Long) {
      return value.toString();
    } else if (value instanceof Double number) {
      return number.isNaN()
          ? "NaN"
          : number.isInfinite() ? (number < 0 ? "-" : "") + "Infinity" : PythonNumbers.text(number);
    } else if (value instanceof Undefined undefined) {
      throw new TemplateException("tojson of an undefined value: " + undefined.reason());
    }
    throw new TemplateException("tojson does not take a " + Types.name(value));
  }

  private Iterator<Object> entries(Map<Object, Object> dict) {
    List<Object> entries = new ArrayList<>();
    dict.forEach((key, value) -> entries.add(new Operators.Keyed(key, value)));
    return (sorted ? Operators.sorted(entries, false, budget) : entries).iterator();
  }

  private void nested(String begin, Iterator<Object> elements, String end, String line) {
    budget.enter();
    out.append(begin);
    if (elements.hasNext()) {
      String inner = indent == null ? "" : line + indent;
      String separator = "";
      while (elements.hasNext()) {
        out.append(separator).append(inner);
        budget.text(inner.length());
        element(elements.next(), inner);
        separator = itemSeparator;
      }
      out.append(indent == null ? "" : line);
    }
    out.append(end);
    budget.leave();
  }

  private void element(Object element, String line) {
    if (element instanceof Operators.Keyed entry) {
      quoted(entry.key() instanceof String name ? name : scalar(entry.key()));
      out.append(keySeparator);
      value(entry.element(), line);
    } else {
      value(element, line);
    }
  }

  private void quoted(String text) {
    budget.text(text.length());
    budget.length((long) out.length() + text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int simple = "\"\\\n\r\t\f\b".indexOf(c);
      if (simple >= 0) {
        out.append('\\').append("\"\\nrtfb".charAt(simple));
      } else if (c < 0x20 || (ascii && c > 0x7e)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
