package ringattention.infer;

import java.io.PrintStream;

/**
 * Prints an answer while it is made, for people. Control characters but tabs and line ends become
 * U+FFFD: what a model says must not steer the terminal.
 */
public final class TerminalText implements GenerationListener {
  private final PrintStream out;

  /**
   * @param out that encodes UTF-8, or what the terminal takes
   */
  public TerminalText(PrintStream out) {
    this.out = out;
  }

  @Override
  public void text(SampleKey key, String part) {
    StringBuilder shown = new StringBuilder(part);
    for (int i = 0; i < shown.length(); i++) {
      char c = shown.charAt(i);
      if (Character.isISOControl(c) && c != '\n' && c != '\t') {
        shown.setCharAt(i, '\ufffd');
      }
    }
    out.print(shown);
    out.flush();
  }

  @Override
  public void ended(GenerationResult result) {
    out.println();
    out.flush();
  }
}
