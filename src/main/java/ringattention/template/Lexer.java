package ringattention.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringattention.template.Token.Kind;

/**
 * Cuts a template's source into text and the tokens of its tags, with Jinja 3's rules for white
 * space under trim_blocks and lstrip_blocks: the newline behind a tag or comment is dropped, and so
 * are the blanks before one that begins its line, unless {@code +} says otherwise; {@code -} drops
 * all white space on its side; the last newline of the source does not count.
 */
final class Lexer {
  private static final Pattern RAW = Pattern.compile("(?U)\\{%[-+]?\\s*raw\\s*(?:-%}\\s*|%})");
  private static final Pattern END_RAW =
      Pattern.compile("(?U)\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");
  private static final String DIGITS = "(?:\\d+_)*\\d+";
  private static final Pattern FLOAT =
      Pattern.compile(
          DIGITS + "(?:(?:\\." + DIGITS + ")?[eE][+-]?" + DIGITS + "|\\." + DIGITS + ")");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
  private static final List<String> LONG_OPERATORS = List.of("//", "**", "==", "!=", ">=", "<=");
  private static final String OPERATORS = "+-/*%~[](){}><=.:|,;";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private boolean lineBegins = true;
  private int line = 1;
  private int counted; // characters whose newlines are in line

  private Lexer(String source) {
    this.source = source;
  }

  /** Returns the tokens of a source, the last of which is END. */
  static List<Token> tokens(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer = new Lexer(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines);
    lexer.all();
    return lexer.tokens;
  }

  private void all() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        text(source.substring(at));
        at = source.length();
        break;
      }
      char kind = source.charAt(tag + 1);
      char sign = signAt(tag + 2);
      text(before(source.substring(at, tag), sign, kind != '{'));
      Matcher raw = matching(RAW, tag);
      if (raw != null) {
        raw(raw.end());
      } else if (kind == '#') {
        comment(tag);
      } else {
        at = tag + (sign == 0 ? 2 : 3);
        tag(tag, kind == '%');
      }
      lineBegins = source.charAt(at - 1) == '\n';
    }
    add(Kind.END, "", source.length());
  }

  private int nextTag() {
    for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private char signAt(int place) {
    char sign = place < source.length() ? source.charAt(place) : 0;
    return sign == '-' || sign == '+' ? sign : 0;
  }

  /** What is left of the text before a tag. */
  private String before(String text, char sign, boolean block) {
    if (sign == '-') {
      return PythonText.strip(text, null, false, true);
    }
    int begin = text.lastIndexOf('\n') + 1;
    boolean dropped =
        sign != '+'
            && block
            && (begin > 0 || lineBegins)
            && text.codePoints().skip(begin).allMatch(PythonText::isSpace);
    return dropped ? text.substring(0, begin) : text;
  }

  private void raw(int begin) {
    int opened = at;
    Matcher end = END_RAW.matcher(source);
    if (!end.find(begin)) {
      throw new TemplateException(lineOf(opened), "{% raw %} without {% endraw %}");
    }
    lineBegins = source.charAt(begin - 1) == '\n';
    char sign = end.group(1).isEmpty() ? 0 : end.group(1).charAt(0);
    text(before(source.substring(begin, end.start()), sign, true));
    at = end.end();
  }

  private void comment(int tag) {
    int from = tag + (signAt(tag + 2) == 0 ? 2 : 3);
    int end = source.indexOf("#}", from);
    if (end < 0) {
      throw new TemplateException(lineOf(tag), "a comment without its end, '#}'");
    }
    at = end + 2;
    char sign = end > from ? signAt(end - 1) : 0;
    behind(sign, true);
  }

  /** Skips what the end of a tag takes with it. */
  private void behind(char sign, boolean block) {
    if (sign == '-') {
      skipSpace();
    } else if (sign == 0 && block && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void skipSpace() {
    while (at < source.length() && PythonText.isSpace(source.charAt(at))) {
      at++;
    }
  }

  private void tag(int begin, boolean block) {
    add(block ? Kind.TAG_BEGIN : Kind.PRINT_BEGIN, "", begin);
    String end = block ? "%}" : "}}";
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      skipSpace();
      if (at >= source.length()) {
        throw new TemplateException(
            lineOf(begin), "a tag without its end, '" + end + "': the template ends before");
      }
      if (open.isEmpty()) {
        char sign = signAt(at);
        boolean signed = sign == '-' || (sign == '+' && block);
        if (source.startsWith(end, at + (signed ? 1 : 0))) {
          add(block ? Kind.TAG_END : Kind.PRINT_END, "", at);
          at += signed ? 3 : 2;
          behind(signed ? sign : 0, block);
          return;
        }
      }
      token(open);
    }
  }

  private void token(Deque<Character> open) {
    int from = at;
    char c = source.charAt(at);
    if (c == '"' || c == '\'') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      Matcher number = source.charAt(at - 1) == '.' ? null : matching(FLOAT, at);
      Kind kind = number == null ? Kind.INTEGER : Kind.FLOAT;
      number = number == null ? matching(INTEGER, at) : number;
      at = number.end();
      add(kind, number.group().replace("_", ""), from);
    } else if (c == '_' || Character.isLetter(c)) {
      while (at < source.length()
          && (source.charAt(at) == '_' || Character.isLetterOrDigit(source.charAt(at)))) {
        at++;
      }
      add(Kind.NAME, source.substring(from, at), from);
    } else {
      operator(open, c);
    }
  }

  private void string(char quote) {
    int from = at++;
    while (at < source.length() && source.charAt(at) != quote) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= source.length()) {
      throw new TemplateException(lineOf(from), "a string without its end, " + quote);
    }
    int begun = lineOf(from);
    add(Kind.STRING, StringLiteral.value(source.substring(from + 1, at), begun), from);
    at++;
  }

  private void operator(Deque<Character> open, char c) {
    int from = at;
    String two = source.substring(at, Math.min(at + 2, source.length()));
    String operator = LONG_OPERATORS.contains(two) ? two : String.valueOf(c);
    if (operator.length() == 1 && OPERATORS.indexOf(c) < 0) {
      throw new TemplateException(lineOf(from), "unexpected character '" + c + "'");
    }
    if ("([{".contains(operator)) {
      open.push(c == '(' ? ')' : c == '[' ? ']' : '}');
    } else if (")]}".contains(operator) && (open.isEmpty() || open.pop() != c)) {
      throw new TemplateException(lineOf(from), "unexpected '" + c + "'");
    }
    at += operator.length();
    add(Kind.OPERATOR, operator, from);
  }

  private Matcher matching(Pattern pattern, int place) {
    Matcher matcher = pattern.matcher(source).region(place, source.length());
    return matcher.lookingAt() ? matcher : null;
  }

  private void text(String text) {
    if (!text.isEmpty()) {
      add(Kind.TEXT, text, at);
    }
  }

  private void add(Kind kind, String text, int place) {
    tokens.add(new Token(kind, text, lineOf(place)));
  }

  /** Places come in order, so that every newline is counted once. */
  private int lineOf(int place) {
    for (; counted < place; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }
}
