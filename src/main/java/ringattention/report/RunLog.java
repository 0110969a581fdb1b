package ringattention.report;

import java.util.List;
import java.util.function.Consumer;

/** The log of a run: every line goes to the console and to the file, in plain ASCII. */
public final class RunLog {
  private static final int CONTINUATION = 4;

  private final Consumer<String> console;
  private final Consumer<String> file;
  private final String remark; // before all that is not data
  private final boolean all; // on the console
  private final boolean warnings; // on the console, where not all is

  /**
   * @param file takes the lines for {@code run.log}; commands without a folder pass one that does
   *     nothing
   */
  public RunLog(Consumer<String> console, Consumer<String> file) {
    this(console, file, "", true, true);
  }

  private RunLog(
      Consumer<String> console,
      Consumer<String> file,
      String remark,
      boolean all,
      boolean warnings) {
    this.console = console;
    this.file = file;
    this.remark = remark;
    this.all = all;
    this.warnings = warnings;
  }

  /** The same log with {@code #} before everything but single rows: those are data. */
  public RunLog ofTable() {
    return new RunLog(console, file, "# ", all, warnings);
  }

  /**
   * The same log with less on the console; the file has everything.
   *
   * @param everything whether the console has all, else of all but warnings the verdict alone
   * @param warning whether it has warnings
   */
  public RunLog printing(boolean everything, boolean warning) {
    return new RunLog(console, file, remark, everything, warning);
  }

  /** The last line of a run, however long. */
  public void verdict(String text) {
    row(remark + text);
    if (!all) {
      console.accept(Text.ascii(text));
    }
  }

  /** One line of text, broken at blanks where it is longer than 100 columns. */
  public void line(String text) {
    String clean = Text.ascii(text);
    if (!all && warnings && clean.startsWith("WARNING")) {
      console.accept(clean);
    }
    int indent = clean.length() - clean.stripLeading().length();
    Text.wrap(clean, indent + CONTINUATION).forEach(wrapped -> write(remark + wrapped));
  }

  /** A line of data, which has its own width and is not broken. */
  public void row(String text) {
    write(Text.ascii(text).stripTrailing());
  }

  /** Lines that have their own width and are not broken. */
  public void rows(List<String> lines) {
    lines.forEach(line -> row(remark + line));
  }

  /** A blank line and an underlined title. */
  public void section(String title) {
    rows(List.of("", title, "-".repeat(title.length())));
  }

  private void write(String line) {
    if (all) {
      console.accept(line);
    }
    file.accept(line);
  }
}
