package ringattention.template;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Python's strftime in English. */
final class Strftime {
  private static final Map<Character, String> PATTERNS =
      Map.ofEntries(
          Map.entry('a', "EEE"),
          Map.entry('A', "EEEE"),
          Map.entry('b', "MMM"),
          Map.entry('B', "MMMM"),
          Map.entry('d', "dd"),
          Map.entry('e', "ppd"),
          Map.entry('F', "uuuu-MM-dd"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('j', "DDD"),
          Map.entry('m', "MM"),
          Map.entry('M', "mm"),
          Map.entry('p', "a"),
          Map.entry('S', "ss"),
          Map.entry('T', "HH:mm:ss"),
          Map.entry('y', "uu"),
          Map.entry('Y', "uuuu"));
  private static final String PADDED = "dHIjmMSy";

  private Strftime() {}

  /**
   * Returns a time in a format: {@code %d %b %Y} and the like, with {@code %-d} for a day without
   * its zero.
   *
   * @throws TemplateException for a field that is not one of these
   */
  static String of(String format, ZonedDateTime time) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%') {
        out.append(c);
        continue;
      }
      boolean bare = i + 1 < format.length() && format.charAt(i + 1) == '-';
      i += bare ? 2 : 1;
      char field = i < format.length() ? format.charAt(i) : ' ';
      String pattern = PATTERNS.get(field);
      if (field == '%' && !bare) {
        out.append('%');
      } else if (pattern == null || (bare && PADDED.indexOf(field) < 0)) {
        throw new TemplateException(
            "strftime_now does not know '%" + (bare ? "-" : "") + field + "'");
      } else {
        String text = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
        out.append(bare ? text.replaceFirst("^0+(?=.)", "") : text);
      }
    }
    return out.toString();
  }
}
