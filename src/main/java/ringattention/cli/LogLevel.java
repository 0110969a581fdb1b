package ringattention.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import ringattention.input.InputException;

/** How much a run prints; {@code run.log} has everything but what {@link #DEBUG} adds. */
public enum LogLevel {
  /** The verdict; what ends a run goes to standard error as always. */
  ERROR,
  /** Warnings too: {@code --quiet}. */
  WARN,
  /** The whole log. */
  INFO,
  /**
   * Also, on standard error, where failures come from in the program and what it tells of caches.
   */
  DEBUG;

  static final String OPTION = "log-level";
  static final String QUIET = "quiet";

  /** Returns the word on the command line, which is that of SLF4J too. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All words, in their order. */
  static List<String> words() {
    return Arrays.stream(values()).map(LogLevel::word).toList();
  }

  /** Whether what belongs to a level is printed at this one. */
  public boolean prints(LogLevel what) {
    return what.compareTo(this) <= 0;
  }

  /**
   * @throws InputException naming the levels, or if {@code --quiet} says another
   */
  static LogLevel of(org.apache.commons.cli.CommandLine parsed) {
    String text = parsed.getOptionValue(OPTION);
    LogLevel level =
        text == null
            ? INFO
            : find(text)
                .orElseThrow(
                    () ->
                        new InputException(
                            "command line: --log-level "
                                + text
                                + ": must be "
                                + words().stream().collect(Collectors.joining(", "))));
    if (!parsed.hasOption(QUIET)) {
      return level;
    }
    if (text != null && level != WARN) {
      throw new InputException(
          "command line: --quiet is --log-level warn, and --log-level " + text + " is another");
    }
    return WARN;
  }

  /**
   * Returns what a command line asks of the libraries' loggers before it is parsed: they are made
   * with the first class that has one. Something that is no level is said later.
   */
  public static Optional<LogLevel> asked(String... arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].startsWith("--" + OPTION + "=")) {
        return find(arguments[i].substring(OPTION.length() + 3));
      }
      if (arguments[i].equals("--" + OPTION) && i + 1 < arguments.length) {
        return find(arguments[i + 1]);
      }
    }
    return Optional.empty();
  }

  private static Optional<LogLevel> find(String text) {
    return Arrays.stream(values()).filter(level -> level.word().equalsIgnoreCase(text)).findFirst();
  }
}
