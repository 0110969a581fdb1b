package ringattention.template;

/**
 * A template that cannot be read or rendered: a fault of the template, of what it was given, or
 * what it raised itself with {@code raise_exception}. The message is one line.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST_MESSAGE = 400;

  private final int line;
  private final String reason;

  TemplateException(String reason) {
    this(0, reason);
  }

  TemplateException(int line, String reason) {
    super((line > 0 ? "line " + line + ": " : "") + oneLine(reason));
    this.line = line;
    this.reason = reason;
  }

  /** Returns the line of the template, from 1, or 0 where no line is to blame. */
  public int line() {
    return line;
  }

  /** Returns what is wrong, whole and without the line: what {@code raise_exception} was given. */
  public String reason() {
    return reason;
  }

  /** Returns this exception with a line if it had none. */
  TemplateException at(int statementLine) {
    return line > 0 ? this : new TemplateException(statementLine, reason);
  }

  private static String oneLine(String reason) {
    String shortened =
        reason.length() > LONGEST_MESSAGE ? reason.substring(0, LONGEST_MESSAGE) + "..." : reason;
    return shortened.replaceAll("\\p{Cntrl}+", " ");
  }
}
