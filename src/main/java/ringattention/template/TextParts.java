package ringattention.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import ringattention.template.Arguments.Bound;

/** Python's ways to cut a text into parts, and to put others in. */
final class TextParts {
  private TextParts() {}

  /** Python's split and rsplit: at a separator, or at white space if it is None. */
  static List<Object> split(
      String name, String text, Arguments arguments, boolean forward, Budget budget) {
    Bound bound = arguments.bind(name, "sep", "maxsplit");
    String separator = bound.textOrNull(0);
    long most = bound.integer(1, -1);
    most = most < 0 ? Long.MAX_VALUE : most;
    if (separator != null && separator.isEmpty()) {
      throw new TemplateException(name + "() with an empty separator");
    }
    List<Object> parts = new ArrayList<>();
    if (separator == null) {
      words(text, most, forward, parts);
    } else if (forward) {
      int from = 0;
      for (int i; most > 0 && (i = text.indexOf(separator, from)) >= 0; most--) {
        parts.add(text.substring(from, i));
        from = i + separator.length();
      }
      parts.add(text.substring(from));
    } else {
      int to = text.length();
      for (int i; most > 0 && (i = before(text, separator, to)) >= 0; most--) {
        parts.add(text.substring(i + separator.length(), to));
        to = i;
      }
      parts.add(text.substring(0, to));
    }
    if (!forward) {
      Collections.reverse(parts);
    }
    budget.steps(parts.size());
    return parts;
  }

  private static int before(String text, String separator, int to) {
    return text.lastIndexOf(separator, to - separator.length());
  }

  private static void words(String text, long most, boolean forward, List<Object> parts) {
    int from = 0;
    int to = text.length();
    while (true) {
      while (forward && from < to && PythonText.isSpace(text.charAt(from))) {
        from++;
      }
      while (!forward && from < to && PythonText.isSpace(text.charAt(to - 1))) {
        to--;
      }
      if (from == to) {
        return;
      } else if (parts.size() == most) {
        parts.add(text.substring(from, to)); // the rest, with the white space at its other end
        return;
      }
      int cut = forward ? from : to;
      while (forward && cut < to && !PythonText.isSpace(text.charAt(cut))) {
        cut++;
      }
      while (!forward && cut > from && !PythonText.isSpace(text.charAt(cut - 1))) {
        cut--;
      }
      parts.add(forward ? text.substring(from, cut) : text.substring(cut, to));
      from = forward ? cut : from;
      to = forward ? to : cut;
    }
  }

  static List<Object> splitLines(String text, Arguments arguments, Budget budget) {
    return lines(text, arguments.bind("splitlines", "keepends").flag(0), budget);
  }

  static List<Object> lines(String text, boolean keepEnds, Budget budget) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isLineEnd(c)) {
        continue;
      }
      int end = i;
      if (c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
        i++;
      }
      lines.add(text.substring(from, keepEnds ? i + 1 : end));
      from = i + 1;
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    budget.steps(lines.size());
    return lines;
  }

  private static boolean isLineEnd(char c) {
    return (c >= 0x0a && c <= 0x0d)
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  static Tuple partition(String name, String text, Arguments arguments, boolean first) {
    String separator = arguments.bind(name, "sep").text(0);
    if (separator.isEmpty()) {
      throw new TemplateException(name + "() with an empty separator");
    }
    int place = first ? text.indexOf(separator) : text.lastIndexOf(separator);
    if (place < 0) {
      return first ? Tuple.of(text, "", "") : Tuple.of("", "", text);
    }
    return Tuple.of(
        text.substring(0, place), separator, text.substring(place + separator.length()));
  }

  /** Replaces the first {@code count} occurrences, all if it is negative. */
  static String replace(String text, String old, String with, long count, Budget budget) {
    StringBuilder out = new StringBuilder();
    int from = 0; // what is before is in the result
    int place = text.indexOf(old);
    for (long n = 0; place >= 0 && (count < 0 || n < count); n++) {
      out.append(text, from, place).append(with);
      budget.text(with.length());
      budget.step();
      budget.length(out.length());
      from = place + old.length();
      if (!old.isEmpty()) {
        place = text.indexOf(old, from);
      } else { // stands before every character and at the end
        place = place == text.length() ? -1 : text.offsetByCodePoints(place, 1);
      }
    }
    return out.append(text, from, text.length()).toString();
  }
}
