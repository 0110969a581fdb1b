package ringattention.template;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** How Python prints values, and which characters it takes for white space. */
final class PythonText {
  private PythonText() {}

  /** Returns whether {@code str.isspace} holds for a character. */
  static boolean isSpace(int point) {
    return point == ' '
        || (point >= 0x09 && point <= 0x0d)
        || (point >= 0x1c && point <= 0x1f)
        || point == 0x85
        || (point > 0x7f && Character.isSpaceChar(point));
  }

  /**
   * Returns a text without characters at its ends.
   *
   * @param characters those to take away; white space if null
   */
  static String strip(String text, String characters, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && goes(text.codePointAt(from), characters)) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && from < to && goes(text.codePointBefore(to), characters)) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static boolean goes(int point, String characters) {
    return characters == null ? isSpace(point) : characters.indexOf(point) >= 0;
  }

  /** Returns Python's {@code str} of a value: what {@code {{ value }}} writes. */
  static String str(Object value, Budget budget) {
    if (value instanceof String text) {
      return text;
    } else if (value instanceof Undefined) {
      return "";
    }
    return repr(value, budget);
  }

  /** Returns Python's {@code repr} of a value. */
  static String repr(Object value, Budget budget) {
    StringBuilder out = new StringBuilder();
    repr(value, out, budget);
    return out.toString();
  }

  private static void repr(Object value, StringBuilder out, Budget budget) {
    budget.step();
    if (value == null) {
      out.append("None");
    } else if (value instanceof Boolean truth) {
      out.append(truth ? "True" : "False");
    } else if (value instanceof Long) {
      out.append(value);
    } else if (value instanceof Double number) {
      out.append(PythonNumbers.text(number));
    } else if (value instanceof String text) {
      budget.text(text.length());
      budget.length((long) out.length() + text.length());
      quoted(text, out);
    } else if (value instanceof Undefined) {
      out.append("Undefined");
    } else if (value instanceof Range range) {
      out.append(range.text());
    } else {
      budget.enter();
      nested(value, out, budget);
      budget.leave();
    }
  }

  private static void nested(Object value, StringBuilder out, Budget budget) {
    if (value instanceof List) {
      elements("[", value, "]", out, budget);
    } else if (value instanceof Tuple tuple) {
      elements("(", value, tuple.items().size() == 1 ? ",)" : ")", out, budget);
    } else if (value instanceof Map) {
      dict(Types.dict(value), out, budget);
    } else if (value instanceof DictView) {
      out.append(Types.name(value));
      elements("([", value, "])", out, budget);
    } else if (value instanceof Namespace namespace) {
      out.append("<Namespace ");
      dict(namespace.fields(), out, budget);
      out.append('>');
    } else {
      String hint = value instanceof Generator ? "; the filter list makes a list of it" : "";
      throw new TemplateException("a " + Types.name(value) + " cannot be printed" + hint);
    }
  }

  private static void elements(
      String begin, Object value, String end, StringBuilder out, Budget budget) {
    out.append(begin);
    String separator = "";
    for (Iterator<Object> each = Types.iterator(value); each.hasNext(); ) {
      out.append(separator);
      repr(each.next(), out, budget);
      separator = ", ";
    }
    out.append(end);
  }

  private static void dict(Map<Object, Object> dict, StringBuilder out, Budget budget) {
    out.append('{');
    String separator = "";
    for (Map.Entry<Object, Object> entry : dict.entrySet()) {
      out.append(separator);
      repr(entry.getKey(), out, budget);
      out.append(": ");
      repr(entry.getValue(), out, budget);
      separator = ", ";
    }
    out.append('}');
  }

  /** Python prefers single quotes, unless only they would need a backslash. */
  private static void quoted(String text, StringBuilder out) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    text.codePoints().forEach(point -> escaped(point, quote, out));
    out.append(quote);
  }

  private static void escaped(int point, char quote, StringBuilder out) {
    if (point == quote || point == '\\') {
      out.append('\\').append((char) point);
    } else if (point == '\n') {
      out.append("\\n");
    } else if (point == '\r') {
      out.append("\\r");
    } else if (point == '\t') {
      out.append("\\t");
    } else if (isPrintable(point)) {
      out.appendCodePoint(point);
    } else {
      String format = point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
      out.append(String.format(format, point));
    }
  }

  private static boolean isPrintable(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> point == ' ';
      default -> true;
    };
  }
}
