package ringattention.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import ringattention.template.Arguments.Bound;

/** Python's methods of str. Places in a text count characters of Unicode, as Python does. */
final class TextMethods {
  /** What a method does with its text. */
  private interface Method {
    Object of(String text, Arguments arguments, Budget budget);
  }

  private static final Map<String, Method> METHODS =
      Map.ofEntries(
          Map.entry("strip", (text, a, b) -> strip("strip", text, a, true, true)),
          Map.entry("lstrip", (text, a, b) -> strip("lstrip", text, a, true, false)),
          Map.entry("rstrip", (text, a, b) -> strip("rstrip", text, a, false, true)),
          Map.entry("split", (text, a, b) -> TextParts.split("split", text, a, true, b)),
          Map.entry("rsplit", (text, a, b) -> TextParts.split("rsplit", text, a, false, b)),
          Map.entry("splitlines", TextParts::splitLines),
          Map.entry("partition", (text, a, b) -> TextParts.partition("partition", text, a, true)),
          Map.entry(
              "rpartition", (text, a, b) -> TextParts.partition("rpartition", text, a, false)),
          Map.entry("join", TextMethods::join),
          Map.entry("startswith", (text, a, b) -> edge("startswith", text, a, true)),
          Map.entry("endswith", (text, a, b) -> edge("endswith", text, a, false)),
          Map.entry("removeprefix", TextMethods::removePrefix),
          Map.entry("removesuffix", TextMethods::removeSuffix),
          Map.entry("replace", TextMethods::replace),
          Map.entry("find", (text, a, b) -> find("find", text, a, false)),
          Map.entry("rfind", (text, a, b) -> find("rfind", text, a, true)),
          Map.entry("index", TextMethods::index),
          Map.entry("count", TextMethods::count),
          Map.entry("format", TextFormat::braces),
          Map.entry("upper", (text, a, b) -> plain("upper", a, upper(text))),
          Map.entry("lower", (text, a, b) -> plain("lower", a, lower(text))),
          Map.entry("capitalize", (text, a, b) -> plain("capitalize", a, capitalize(text))),
          Map.entry("title", (text, a, b) -> plain("title", a, title(text))),
          Map.entry("isspace", (text, a, b) -> all("isspace", text, a, PythonText::isSpace)),
          Map.entry("isalpha", (text, a, b) -> all("isalpha", text, a, Character::isLetter)),
          Map.entry("isdigit", (text, a, b) -> all("isdigit", text, a, Character::isDigit)),
          Map.entry("isnumeric", (text, a, b) -> all("isnumeric", text, a, Character::isDigit)),
          Map.entry("isalnum", (text, a, b) -> all("isalnum", text, a, Character::isLetterOrDigit)),
          Map.entry("isupper", (text, a, b) -> plain("isupper", a, isCased(text, true))),
          Map.entry("islower", (text, a, b) -> plain("islower", a, isCased(text, false))));

  private TextMethods() {}

  /** Returns a method of a text, or null. Every call pays for the text. */
  static Callable of(String text, String name, Budget budget) {
    Method method = METHODS.get(name);
    return method == null
        ? null
        : arguments -> {
          budget.reading(text);
          return method.of(text, arguments, budget);
        };
  }

  private static Object plain(String name, Arguments arguments, Object result) {
    arguments.bind(name);
    return result;
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** The first character in title case, the others in lower case. */
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    int length = Character.charCount(first);
    return titleCase(first) + lower(text.substring(length));
  }

  private static String titleCase(int point) {
    int title = Character.toTitleCase(point);
    return Character.toString(title == point ? point : title);
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int point : text.codePoints().toArray()) {
      out.append(inWord ? lower(Character.toString(point)) : titleCase(point));
      inWord = hasCase(point);
    }
    return out.toString();
  }

  private static boolean hasCase(int point) {
    return Character.isUpperCase(point)
        || Character.isLowerCase(point)
        || Character.isTitleCase(point);
  }

  /** Whether a text has letters with a case, and none of the other one. */
  static boolean isCased(String text, boolean upper) {
    return text.codePoints().anyMatch(TextMethods::hasCase)
        && text.codePoints()
            .filter(TextMethods::hasCase)
            .allMatch(p -> upper ? Character.isUpperCase(p) : Character.isLowerCase(p));
  }

  private static boolean all(String name, String text, Arguments arguments, IntPredicate holds) {
    arguments.bind(name);
    return !text.isEmpty() && text.codePoints().allMatch(holds);
  }

  private static String strip(String name, String text, Arguments a, boolean left, boolean right) {
    return PythonText.strip(text, a.bind(name, "chars").textOrNull(0), left, right);
  }

  private static String join(String separator, Arguments arguments, Budget budget) {
    List<Object> parts = Types.list(arguments.bind("join", "iterable").need(0), budget);
    long length = 0;
    for (Object part : parts) {
      if (!(part instanceof String text)) {
        throw new TemplateException("join() takes strings, not " + Types.name(part));
      }
      length += text.length() + separator.length();
    }
    budget.text(length);
    return String.join(separator, parts.toArray(new String[0]));
  }

  private static boolean edge(String name, String text, Arguments arguments, boolean start) {
    Bound bound = arguments.bind(name, "prefix");
    if (bound.need(0) instanceof Tuple several) {
      return several.items().stream().anyMatch(one -> isEdge(name, text, one, start));
    }
    return isEdge(name, text, bound.need(0), start);
  }

  private static boolean isEdge(String name, String text, Object part, boolean start) {
    String edge = new Arguments(List.of(part), Map.of()).bind(name, "prefix").text(0);
    return start ? text.startsWith(edge) : text.endsWith(edge);
  }

  private static String removePrefix(String text, Arguments arguments, Budget budget) {
    String prefix = arguments.bind("removeprefix", "prefix").text(0);
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static String removeSuffix(String text, Arguments arguments, Budget budget) {
    String suffix = arguments.bind("removesuffix", "suffix").text(0);
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }

  private static String replace(String text, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("replace", "old", "new", "count");
    return TextParts.replace(text, bound.text(0), bound.text(1), bound.integer(2, -1), budget);
  }

  private static long find(String name, String text, Arguments arguments, boolean last) {
    String part = arguments.bind(name, "sub").text(0);
    int place = last ? text.lastIndexOf(part) : text.indexOf(part);
    return place < 0 ? -1 : text.codePointCount(0, place);
  }

  private static Object index(String text, Arguments arguments, Budget budget) {
    long place = find("index", text, arguments, false);
    if (place < 0) {
      throw new TemplateException("index() of a text that is not there");
    }
    return place;
  }

  private static Object count(String text, Arguments arguments, Budget budget) {
    String part = arguments.bind("count", "sub").text(0);
    if (part.isEmpty()) {
      return Types.size(text) + 1;
    }
    long count = 0;
    for (int i = text.indexOf(part); i >= 0; i = text.indexOf(part, i + part.length())) {
      count++;
    }
    return count;
  }
}
