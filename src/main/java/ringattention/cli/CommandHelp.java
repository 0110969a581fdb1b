package ringattention.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.commons.cli.HelpFormatter;
import org.apache.commons.cli.Options;
import ringattention.input.InputException;

/** What {@code help} prints: all commands, those of a group, or one with its own options. */
public final class CommandHelp {
  static final String PROGRAM = "ringattention";

  /** Topics of {@code help} that are files to install, for {@code make cli-files}. */
  static final String COMPLETION = "bash-completion";

  static final String MAN_PAGE = "man-page";

  static final String RANKS =
      "Started alone it is one rank; start N ranks with mpirun -np N or srun.";

  private static final int COLUMNS = 100;
  private static final String END =
      """

      Exit codes: 0 done and valid, 1 error, 2 bad usage or input, 3 a check failed, 4 diverged,
      75 stopped with a checkpoint: the same command with --resume continues.
      Keys of the input: docs/inputs.md
      """;

  private CommandHelp() {}

  /**
   * Returns the text that a command line asks for which has {@code help}, {@code -h} or {@code
   * --help} in it.
   *
   * @throws InputException if {@code help} is asked about what is not there
   */
  public static String text(List<String> arguments) {
    boolean first = !arguments.isEmpty() && arguments.get(0).equals(Command.HELP.words());
    boolean asked = first && arguments.stream().noneMatch(word -> word.startsWith("-"));
    List<String> words =
        arguments.stream().skip(first ? 1 : 0).filter(word -> !word.startsWith("-")).toList();
    String about = String.join(" ", words);
    Optional<Command> command =
        first && words.isEmpty() ? Optional.empty() : CommandNames.at(words);
    if (command.isPresent()) {
      return of(command.get());
    }
    if (about.equals(COMPLETION) && asked) {
      return BashCompletion.text();
    }
    if (about.equals(MAN_PAGE) && asked) {
      return ManPage.text();
    }
    List<Command> group =
        Arrays.stream(Command.values())
            .filter(one -> !words.isEmpty() && one.words().startsWith(words.get(0) + " "))
            .toList();
    if (words.size() > 1 && asked || !words.isEmpty() && asked && group.isEmpty()) {
      throw CommandNames.unknown(words);
    }
    return group.isEmpty() ? all() : group(words.get(0), group);
  }

  private static String all() {
    return written(
        writer -> {
          usage(writer, "<command> [options] [INPUT.toml]");
          writer.print("\nCommands:\n");
          commands(writer, List.of(Command.values()));
          writer.print("\n" + RANKS + "\n\nOptions:\n");
          new HelpFormatter().printOptions(writer, COLUMNS, CommandOptions.all(), 2, 2);
        });
  }

  private static String group(String name, List<Command> commands) {
    return written(
        writer -> {
          usage(writer, name + " <name> [options] [INPUT.toml]");
          writer.print("\nCommands:\n");
          commands(writer, commands);
          writer.print("\nringattention help " + name + " NAME shows the options of one.\n");
        });
  }

  private static String of(Command command) {
    Options options = CommandOptions.of(command);
    boolean any = options.getOptions().size() > 2; // help and version are always there
    return written(
        writer -> {
          usage(writer, command.words() + (any ? " [options] " : " ") + command.operands());
          writer.print("\n" + command.summary() + "\n\nOptions:\n");
          new HelpFormatter().printOptions(writer, COLUMNS, options, 2, 2);
          writer.print("\nExample:\n  " + command.example() + "\n");
        });
  }

  private static void usage(PrintWriter writer, String text) {
    new HelpFormatter().printWrapped(writer, COLUMNS, ("usage: " + PROGRAM + " " + text).strip());
  }

  private static void commands(PrintWriter writer, List<Command> commands) {
    List<String> typed =
        commands.stream().map(one -> (one.words() + " " + one.operands()).strip()).toList();
    int width = typed.stream().mapToInt(String::length).max().orElse(1);
    for (int i = 0; i < commands.size(); i++) {
      writer.printf("  %-" + width + "s  %s%n", typed.get(i), commands.get(i).summary());
    }
  }

  private static String written(Consumer<PrintWriter> text) {
    StringWriter whole = new StringWriter();
    PrintWriter writer = new PrintWriter(whole);
    text.accept(writer);
    writer.print(END);
    writer.flush();
    return whole.toString().lines().map(String::stripTrailing).collect(Collectors.joining("\n"))
        + "\n";
  }
}
