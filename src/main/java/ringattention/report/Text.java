package ringattention.report;

import java.util.ArrayList;
import java.util.List;

/** Plain text for logs: ASCII, at most {@link #COLUMNS} columns. */
final class Text {
  static final int COLUMNS = 100;

  private Text() {}

  /**
   * Replaces what a log cannot hold: control characters by blanks, what is not ASCII by question
   * marks.
   */
  static String ascii(String text) {
    return text.replaceAll("\\p{Cntrl}", " ").replaceAll("[^\\x20-\\x7e]", "?");
  }

  /**
   * Breaks a line at blanks so that it fits; a word that is too long, such as a path, stays whole.
   *
   * @param indent blanks before continuation lines
   */
  static List<String> wrap(String line, int indent) {
    List<String> lines = new ArrayList<>();
    String rest = line;
    int from = rest.length() - rest.stripLeading().length();
    while (rest.length() > COLUMNS) {
      int at = rest.lastIndexOf(' ', COLUMNS);
      if (at <= from) {
        at = rest.indexOf(' ', Math.max(from, COLUMNS));
      }
      if (at < 0) {
        break;
      }
      lines.add(rest.substring(0, at).stripTrailing());
      rest = " ".repeat(indent) + rest.substring(at).strip();
      from = indent;
    }
    lines.add(rest.stripTrailing());
    return lines;
  }
}
