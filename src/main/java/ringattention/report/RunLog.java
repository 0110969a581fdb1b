package ringattention.report;

import java.util.List;
import java.util.function.Consumer;

/** The log of a run: every line goes to the console and to the file, in plain ASCII. */
public final class RunLog {
  private static final int CONTINUATION = 4;

  private final Consumer<String> console;
  private final Consumer<String> file;

  /**
   * @param file takes the lines for {@code run.log}; commands without a folder pass one that does
   *     nothing
   */
  public RunLog(Consumer<String> console, Consumer<String> file) {
    this.console = console;
    this.file = file;
  }

  /** One line of text, broken at blanks where it is longer than 100 columns. */
  public void line(String text) {
    String clean = Text.ascii(text);
    int indent = clean.length() - clean.stripLeading().length();
    Text.wrap(clean, indent + CONTINUATION).forEach(this::write);
  }

  /** Lines of a table, which has its own width and is not broken. */
  public void row(String text) {
    write(Text.ascii(text).stripTrailing());
  }

  /** As {@link #row}, for each. */
  public void rows(List<String> lines) {
    lines.forEach(this::row);
  }

  /** A blank line and an underlined title. */
  public void section(String title) {
    write("");
    row(title);
    row("-".repeat(title.length()));
  }

  private void write(String line) {
    console.accept(line);
    file.accept(line);
  }
}
