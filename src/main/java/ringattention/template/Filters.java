package ringattention.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringattention.template.Arguments.Bound;

/** The filters, {@code value | name(arguments)}: those of single values, and the table of all. */
final class Filters {
  private static final Pattern BEGINS_WORD = Pattern.compile("[-\\s({\\[<]+|[^-\\s({\\[<]+");
  private static final Map<String, Filter> TABLE = table();

  private Filters() {}

  /** What a filter makes of a value. */
  interface Filter {
    Object apply(Object value, Arguments arguments, Budget budget);
  }

  private static Map<String, Filter> table() {
    Map<String, Filter> table = new HashMap<>(SequenceFilters.table());
    table.put("abs", Filters::absolute);
    table.put("attr", Filters::attribute);
    table.put("capitalize", (v, a, b) -> TextMethods.capitalize(text("capitalize", v, a, b)));
    table.put("count", Filters::length);
    table.put("d", Filters::orDefault);
    table.put("default", Filters::orDefault);
    table.put("float", Filters::toFloat);
    table.put("format", Filters::format);
    table.put("indent", Filters::indent);
    table.put("int", Filters::toInt);
    table.put("length", Filters::length);
    table.put("lower", (v, a, b) -> TextMethods.lower(text("lower", v, a, b)));
    table.put("replace", Filters::replace);
    table.put("round", Filters::round);
    table.put("safe", (v, a, b) -> text("safe", v, a, b));
    table.put("string", (v, a, b) -> text("string", v, a, b));
    table.put("title", (v, a, b) -> title(text("title", v, a, b)));
    table.put("tojson", Json::of);
    table.put("trim", Filters::trim);
    table.put("upper", (v, a, b) -> TextMethods.upper(text("upper", v, a, b)));
    return Map.copyOf(table);
  }

  static boolean has(String name) {
    return TABLE.containsKey(name);
  }

  /** Applies the filter of a name. */
  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    Filter filter = TABLE.get(name);
    if (filter == null) {
      throw new TemplateException("no filter named '" + name + "'");
    }
    budget.reading(value);
    return filter.apply(value, arguments, budget);
  }

  private static String text(String name, Object value, Arguments arguments, Budget budget) {
    arguments.bind(name);
    return PythonText.str(value, budget);
  }

  private static Object trim(Object value, Arguments arguments, Budget budget) {
    String characters = arguments.bind("trim", "chars").textOrNull(0);
    return PythonText.strip(PythonText.str(value, budget), characters, true, true);
  }

  private static Object replace(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("replace", "old", "new", "count");
    String old = PythonText.str(bound.need(0), budget);
    String with = PythonText.str(bound.need(1), budget);
    long count = bound.or(2, null) == null ? -1 : bound.integer(2, -1);
    return TextParts.replace(PythonText.str(value, budget), old, with, count, budget);
  }

  /**
   * Every word with a capital letter and the rest small; words begin behind blanks and brackets.
   */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    for (Matcher part = BEGINS_WORD.matcher(text); part.find(); ) {
      int first = part.group().offsetByCodePoints(0, 1);
      out.append(TextMethods.upper(part.group().substring(0, first)));
      out.append(TextMethods.lower(part.group().substring(first)));
    }
    return out.toString();
  }

  private static Object indent(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("indent", "width", "first", "blank");
    Object width = bound.or(0, 4L);
    String indent =
        width instanceof String text ? text : " ".repeat((int) spaces(bound.integer(0, 4)));
    if (!(value instanceof String text)) {
      throw value instanceof Undefined undefined
          ? undefined.fault()
          : new TemplateException("indent takes a string, not " + Types.name(value));
    }
    List<Object> lines = TextParts.lines(text + "\n", false, budget);
    budget.text(text.length() + (long) indent.length() * lines.size());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i == 0 ? bound.flag(1) : bound.flag(2) || !line.isEmpty();
      out.append(i == 0 ? "" : "\n").append(indented ? indent : "").append(line);
    }
    return out.toString();
  }

  private static long spaces(long width) {
    return Math.max(0, Math.min(width, 100_000));
  }

  private static Object format(Object value, Arguments arguments, Budget budget) {
    if (!arguments.named().isEmpty()) {
      throw new TemplateException("the filter format takes no arguments with names");
    }
    String format = PythonText.str(value, budget);
    return TextFormat.percent(format, new Tuple(arguments.positional()), budget);
  }

  private static Object orDefault(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("default", "default_value", "boolean");
    boolean absent = value instanceof Undefined || (bound.flag(1) && !Types.truth(value));
    return absent ? bound.or(0, "") : value;
  }

  private static Object length(Object value, Arguments arguments, Budget budget) {
    arguments.bind("length");
    return Types.size(value);
  }

  private static Object attribute(Object value, Arguments arguments, Budget budget) {
    String name = arguments.bind("attr", "name").text(0);
    Object plain = value instanceof Map ? Map.of() : value; // no items, only what the type has
    Object own = Members.attribute(plain, name, budget);
    return plain == value || own instanceof Undefined
        ? own
        : Members.attribute(value, name, budget);
  }

  private static Object absolute(Object value, Arguments arguments, Budget budget) {
    arguments.bind("abs");
    Object number = PythonNumbers.number(value);
    if (number == null) {
      throw new TemplateException("abs takes a number, not " + Types.name(value));
    }
    boolean negative = ((Number) number).doubleValue() < 0;
    return negative ? Operators.negative(number) : number;
  }

  private static Object toInt(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("int", "default", "base");
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    Object otherwise = bound.or(0, 0L);
    int base = (int) bound.integer(1, 10);
    Object number =
        value instanceof String text ? Numerals.integer(text, base) : PythonNumbers.number(value);
    if (number == null && value instanceof String text) {
      number = Numerals.real(text);
    }
    if (number instanceof Double real) {
      return real.isNaN() || real.isInfinite() ? otherwise : (Object) Numerals.truncated(real);
    }
    return number == null ? otherwise : number;
  }

  private static Object toFloat(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("float", "default");
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    Object number =
        value instanceof String text ? Numerals.real(text) : PythonNumbers.number(value);
    return number == null ? bound.or(0, 0.0) : (Object) ((Number) number).doubleValue();
  }

  private static Object round(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("round", "precision", "method");
    Object number = PythonNumbers.number(value);
    String method = bound.or(1, "common") instanceof String text ? text : "";
    long precision = bound.integer(0, 0);
    if (number == null || Math.abs(precision) > 300) {
      throw new TemplateException("round takes a number and a small precision");
    }
    if (method.equals("common")) {
      if (number instanceof Long whole && precision >= 0) {
        return whole;
      }
      double rounded =
          new BigDecimal(((Number) number).doubleValue())
              .setScale((int) precision, RoundingMode.HALF_EVEN)
              .doubleValue();
      return number instanceof Long ? (Object) (long) rounded : (Object) rounded;
    }
    double scale = Math.pow(10, precision);
    double scaled = ((Number) number).doubleValue() * scale;
    return switch (method) {
      case "ceil" -> Math.ceil(scaled) / scale;
      case "floor" -> Math.floor(scaled) / scale;
      default -> throw new TemplateException("round takes common, ceil or floor as 'method'");
    };
  }
}
