package ringattention.cli;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.commons.cli.Option;

/** Bash completion of commands, options and their fixed values, from the table of commands. */
final class BashCompletion {
  private static final String BEGIN =
      """
      # bash completion of ringattention; written by make cli-files, not by hand
      _ringattention() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
        [ "$previous" != '=' ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
        case $previous in
      """;
  private static final String FILES =
      """
          -o | --compare) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
        esac
        local command=${COMP_WORDS[1]}
      """;
  private static final String END =
      """
        esac
        case $word in
          -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
          *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        esac
      }
      complete -o filenames -F _ringattention ringattention
      """;

  private BashCompletion() {}

  static String text() {
    StringBuilder text = new StringBuilder(BEGIN);
    value(text, "--hardware", PlanOptions.hardwareNames());
    value(text, "--type", ExportOptions.TYPES);
    value(text, "--" + LogLevel.OPTION, LogLevel.words());
    text.append(FILES);
    Set<String> first = new LinkedHashSet<>();
    Set<String> second = new LinkedHashSet<>();
    for (Command command : Command.values()) {
      String[] words = command.words().split(" ");
      first.add(words[0]);
      if (words.length > 1) {
        second.add(words[1]);
      }
    }
    words(text, "[ \"$COMP_CWORD\" = 1 ]", first);
    words(text, "[ \"$COMP_CWORD\" = 2 ] && [ \"$command\" = help ]", first);
    words(text, "[ \"$COMP_CWORD\" = 2 ] && [ \"$command\" = bench ]", second);
    text.append("  [ \"$command\" != bench ] || command=\"bench ${COMP_WORDS[2]}\"\n");
    text.append("  local options=''\n  case $command in\n");
    for (Command command : Command.values()) {
      text.append("    '").append(command.words()).append("') options='");
      text.append(String.join(" ", options(command))).append("' ;;\n");
    }
    return text.append(END).toString();
  }

  /** Returns the options of a command as they are typed, both names of those that have two. */
  static List<String> options(Command command) {
    List<String> typed = new ArrayList<>();
    for (Option option : CommandOptions.of(command).getOptions()) {
      if (option.getOpt() != null) {
        typed.add("-" + option.getOpt());
      }
      if (option.getLongOpt() != null) {
        typed.add("--" + option.getLongOpt());
      }
    }
    return typed;
  }

  private static void value(StringBuilder text, String option, List<String> values) {
    text.append("    ").append(option).append(") ").append(reply(values)).append("; return ;;\n");
  }

  private static void words(StringBuilder text, String condition, Set<String> words) {
    text.append("  if ").append(condition).append(" && [[ $word != -* ]]; then\n    ");
    text.append(reply(words)).append("\n    return\n  fi\n");
  }

  private static String reply(Iterable<String> words) {
    return "mapfile -t COMPREPLY < <(compgen -W '" + String.join(" ", words) + "' -- \"$word\")";
  }
}
