package ringattention.cli;

import java.util.regex.Pattern;

/** What went wrong, in one line that a terminal shows as it is, whatever was in the input. */
public final class ErrorLine {
  private static final Pattern UNPRINTABLE =
      Pattern.compile("[\\p{Cntrl}\u0080-\u009f\u2028\u2029]");
  private static final int LONGEST = 900; // characters

  private ErrorLine() {}

  /** Control characters and breaks of lines as escapes; the middle of what is long is left out. */
  public static String of(String message) {
    String plain =
        UNPRINTABLE
            .matcher(message)
            .replaceAll(found -> String.format("\\\\u%04x", (int) found.group().charAt(0)));
    int half = LONGEST / 2;
    return plain.length() <= LONGEST
        ? plain
        : plain.substring(0, half) + " ... " + plain.substring(plain.length() - half);
  }
}
