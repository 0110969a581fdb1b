package ringattention.cli;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import ringattention.input.InputException;
import ringattention.input.Spelling;

/**
 * The options of the command line, and which command uses which: one that is not used is refused.
 */
public final class CommandOptions {
  static final String RESUME = "resume";
  static final String MAX_MINUTES = "max-minutes";
  static final String PROMPT = "prompt";

  private static final List<String> COMPUTING =
      List.of("D", "o", "dry-run", "memory-cap", LogLevel.QUIET, LogLevel.OPTION);
  private static final Map<Command, Set<String>> USED = used();

  /** A description, maybe of one command only. */
  private static final Pattern PREFIXED = Pattern.compile("(?:([a-z-]+): )?(.*)");

  /** Options that every command takes. */
  static final Set<String> ALWAYS = Set.of("h", "V");

  private CommandOptions() {}

  private static Map<Command, Set<String>> used() {
    Map<Command, Set<String>> used = new EnumMap<>(Command.class);
    for (Command command : Command.values()) {
      used.put(
          command,
          switch (command) {
            case TRAIN -> computing(RESUME, MAX_MINUTES, "trace");
            case GENERATE -> computing(RESUME, PROMPT);
            case BENCH_ATTENTION -> computing("trace");
            case SHOW_DATA -> Set.of("D", "n");
            case COLLECT -> Set.of("D", "o", "dry-run", LogLevel.QUIET, LogLevel.OPTION);
            case EXPORT -> Set.of("D", "o", "dry-run", "step", "type");
            case PLAN -> Set.of("D", "o", "memory-cap", "hardware", "ranks", "paper", "compare");
            case STATUS, COMPARE, HELP, VERSION -> Set.of();
            default -> computing();
          });
    }
    return used;
  }

  private static Set<String> computing(String... more) {
    Set<String> all = new HashSet<>(COMPUTING);
    all.addAll(List.of(more));
    return Set.copyOf(all);
  }

  /** Whether the command does anything with such an option. */
  static boolean uses(Command command, String option) {
    return USED.get(command).contains(option);
  }

  /**
   * @throws InputException naming the first option that the command does not use
   */
  static void require(Command command, org.apache.commons.cli.CommandLine parsed) {
    for (Option option : parsed.getOptions()) {
      String name = name(option);
      if (!uses(command, name)) {
        List<String> users =
            Arrays.stream(Command.values())
                .filter(other -> uses(other, name))
                .map(Command::words)
                .toList();
        throw new InputException(
            "command line: "
                + (option.getOpt() == null ? "--" : "-")
                + name
                + (users.size() > 2
                    ? " is not for " + command.words()
                    : " is for " + String.join(" and ", users)));
      }
    }
  }

  /** Returns the short name of an option, where there is one. */
  static String name(Option option) {
    return option.getOpt() == null ? option.getLongOpt() : option.getOpt();
  }

  static Options all() {
    Options options = new Options();
    PlanOptions.addTo(options);
    ExportOptions.addTo(options);
    return options
        .addOption(
            Option.builder("D").hasArg().argName("key=value").desc("set a key of the input").get())
        .addOption(
            Option.builder("o")
                .hasArg()
                .argName("DIR")
                .desc("output folder (default: outputs/<input>-<job id or UTC time>)")
                .get())
        .addOption(
            Option.builder()
                .longOpt(RESUME)
                .desc(
                    "train: continue folder DIR from its newest whole checkpoint, if there is one;"
                        + " generate: make the answers that are not there yet")
                .get())
        .addOption(
            Option.builder()
                .longOpt(MAX_MINUTES)
                .hasArg()
                .argName("M")
                .desc("train: after M minutes write a checkpoint and stop with exit code 75")
                .get())
        .addOption(
            Option.builder()
                .longOpt(PROMPT)
                .hasArg()
                .argName("TEXT")
                .desc("generate: the text to go on from, instead of a file or standard input")
                .get())
        .addOption(
            Option.builder("n")
                .hasArg()
                .argName("N")
                .desc("show-data: documents to show (default: 3)")
                .get())
        .addOption(
            Option.builder()
                .longOpt("dry-run")
                .desc("check the input, print header and memory plan, stop")
                .get())
        .addOption(
            Option.builder()
                .longOpt("memory-cap")
                .hasArg()
                .argName("SIZE")
                .desc("most that each rank's device may allocate, for example 80GiB, 80GB or 512M")
                .get())
        .addOption(
            Option.builder()
                .longOpt(LogLevel.QUIET)
                .desc("print warnings and the verdict only (--log-level warn); run.log has all")
                .get())
        .addOption(
            Option.builder()
                .longOpt(LogLevel.OPTION)
                .hasArg()
                .argName("LEVEL")
                .desc(
                    "what to print: error (the verdict), warn (warnings too), info (all; the"
                        + " default) or debug (also where a failure was thrown)")
                .get())
        .addOption(
            Option.builder()
                .longOpt("trace")
                .hasArg()
                .argName("N")
                .valueSeparator()
                .desc(
                    "write trace.json of step N (bench attention: of its Nth problem);"
                        + " without =N of the last")
                .get())
        .addOption(Option.builder("h").longOpt("help").desc("this text").get())
        .addOption(Option.builder("V").longOpt("version").desc("the version").get());
  }

  /** Returns the options of one command, and what they mean to it. */
  static Options of(Command command) {
    Options options = new Options();
    for (Option option : all().getOptions()) {
      if (ALWAYS.contains(name(option)) || uses(command, name(option))) {
        option.setDescription(description(option.getDescription(), command));
        options.addOption(option);
      }
    }
    return options;
  }

  /** Leaves out what is said of other commands, and the command's own name. */
  private static String description(String text, Command command) {
    return Arrays.stream(text.split("; (?=[a-z-]+: )"))
        .map(PREFIXED::matcher)
        .filter(part -> part.matches() && isOf(part.group(1), command))
        .map(part -> part.group(2))
        .collect(Collectors.joining("; "));
  }

  private static boolean isOf(String prefix, Command command) {
    return prefix == null || prefix.equals(command.words());
  }

  /**
   * Returns the option of which something typed may be a misspelling, of the command's own options
   * if it has any that is near.
   */
  static Optional<String> nearest(String typed, Optional<Command> command) {
    String name = typed.replaceFirst("=.*", "");
    List<String> all = names(all());
    return command
        .flatMap(known -> Spelling.nearest(name, names(of(known))))
        .or(() -> Spelling.nearest(name, all));
  }

  private static List<String> names(Options options) {
    return options.getOptions().stream()
        .filter(option -> option.getLongOpt() != null)
        .map(option -> "--" + option.getLongOpt())
        .toList();
  }
}
