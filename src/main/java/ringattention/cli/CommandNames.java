package ringattention.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import ringattention.input.InputException;
import ringattention.input.Spelling;

/** Finds commands by their words. */
final class CommandNames {
  private CommandNames() {}

  /** Returns the command that a list of words begins with. */
  static Optional<Command> at(List<String> words) {
    String text = String.join(" ", words) + " ";
    return Arrays.stream(Command.values())
        .filter(command -> text.startsWith(command.words() + " "))
        .findFirst();
  }

  /** Returns the error of words that begin with no command. */
  static InputException unknown(List<String> words) {
    List<String> known =
        Arrays.stream(Command.values())
            .filter(command -> command != Command.HELP && command != Command.VERSION)
            .map(Command::words)
            .toList();
    String all = " (commands: " + String.join(", ", known) + ")";
    if (words.isEmpty()) {
      return new InputException("command line: a command is missing" + all);
    }
    boolean group = known.stream().anyMatch(name -> name.startsWith(words.get(0) + " "));
    String given =
        group ? String.join(" ", words.subList(0, Math.min(2, words.size()))) : words.get(0);
    String two = String.join(" ", words.subList(0, Math.min(2, words.size())));
    return new InputException(
        "command line: unknown command "
            + given
            + Spelling.nearest(words.get(0), known)
                .or(() -> Spelling.nearest(two, known))
                .map(name -> ", did you mean " + name + "?")
                .orElse("")
            + all);
  }
}
