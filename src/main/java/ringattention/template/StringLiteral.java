package ringattention.template;

/** The value of a string literal: Python's escapes, except names of characters. */
final class StringLiteral {
  private static final String SIMPLE = "\\'\"abfnrtv";
  private static final String VALUES = "\\'\"\u0007\b\f\n\r\t\u000b";

  private StringLiteral() {}

  /**
   * Returns what is written between the quotes of a literal; an escape that Python does not know
   * stays as it is.
   *
   * @throws TemplateException for an escape with too few digits or beyond Unicode
   */
  static String value(String raw, int line) {
    if (raw.indexOf('\\') < 0) {
      return raw;
    }
    StringBuilder value = new StringBuilder(raw.length());
    int i = 0;
    while (i < raw.length()) {
      char c = raw.charAt(i++);
      if (c != '\\') {
        value.append(c);
        continue;
      }
      char escape = raw.charAt(i++); // the lexer lets no string end in a backslash
      int simple = SIMPLE.indexOf(escape);
      if (simple >= 0) {
        value.append(VALUES.charAt(simple));
      } else if (escape >= '0' && escape <= '7') {
        int end = i;
        while (end < raw.length()
            && end < i + 2
            && raw.charAt(end) >= '0'
            && raw.charAt(end) <= '7') {
          end++;
        }
        value.appendCodePoint(Integer.parseInt(raw.substring(i - 1, end), 8));
        i = end;
      } else if (escape == 'x' || escape == 'u' || escape == 'U') {
        int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
        value.appendCodePoint(hexadecimal(raw, i, digits, line));
        i += digits;
      } else if (escape == 'N') {
        throw new TemplateException(line, "\\N{...} in a string is not supported");
      } else if (escape != '\n') {
        value.append('\\').append(escape);
      }
    }
    return value.toString();
  }

  private static int hexadecimal(String raw, int from, int digits, int line) {
    String hex = raw.substring(from, Math.min(from + digits, raw.length()));
    long point = hex.matches("[0-9a-fA-F]{" + digits + "}") ? Long.parseLong(hex, 16) : -1;
    if (point < 0 || point > Character.MAX_CODE_POINT) {
      throw new TemplateException(line, "bad escape in a string, \\" + raw.charAt(from - 1) + hex);
    }
    return (int) point;
  }
}
