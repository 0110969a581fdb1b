package ringattention.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;
import ringattention.input.InputException;

/**
 * What the user typed.
 *
 * @param arguments as given
 * @param command what to do; HELP and VERSION win over everything else, wherever they stand
 * @param input the input file; needed by train, bench training and plan
 * @param folders of runs, for export, status and compare
 * @param overrides from {@code -D}
 * @param output folder from {@code -o}
 * @param resume go on from what the output folder holds, in the same folder
 * @param maxMinutes since the start of the process, after which training stops
 * @param dryRun stop before anything is allocated or computed
 * @param trace from {@code --trace}: a number, or {@link #LAST}
 * @param memoryCap from {@code --memory-cap}: bytes that each rank's device allocates at most
 * @param prompt from {@code --prompt}: the text to go on from
 * @param plan for {@code plan}
 * @param export for {@code export}
 * @param logLevel from {@code --log-level} or {@code --quiet}: how much goes to the console
 * @param samples from {@code -n}: documents that {@code show-data} shows
 */
public record CommandLine(
    List<String> arguments,
    Command command,
    Optional<Path> input,
    List<Path> folders,
    List<String> overrides,
    Optional<Path> output,
    boolean resume,
    OptionalDouble maxMinutes,
    boolean dryRun,
    Optional<String> trace,
    OptionalLong memoryCap,
    Optional<String> prompt,
    PlanOptions plan,
    ExportOptions export,
    LogLevel logLevel,
    int samples) {

  private static final String LAST = "last";

  /** Whether such a command line needs no MPI and no device; it may be wrong in other ways. */
  public static boolean readsFolders(String... arguments) {
    return instead(arguments).isEmpty()
        && Arrays.stream(Command.values())
            .anyMatch(
                command ->
                    command.readsFolders()
                        && arguments.length > 0
                        && arguments[0].equals(command.words()));
  }

  /** Returns what is asked for instead of a command, wherever it stands: help, or the version. */
  private static Optional<Command> instead(String... arguments) {
    List<String> given = List.of(arguments);
    if (given.contains("-h") || given.contains("--help")) {
      return Optional.of(Command.HELP);
    }
    return given.contains("-V") || given.contains("--version")
        ? Optional.of(Command.VERSION)
        : Optional.empty();
  }

  private static CommandLine only(Command command, String... arguments) {
    return new CommandLine(
        List.of(arguments),
        command,
        Optional.empty(),
        List.of(),
        List.of(),
        Optional.empty(),
        false,
        OptionalDouble.empty(),
        false,
        Optional.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        PlanOptions.NONE,
        ExportOptions.NONE,
        LogLevel.INFO,
        0);
  }

  /**
   * @throws InputException with one line if something is wrong
   */
  public static CommandLine parse(String... arguments) {
    Optional<Command> instead = instead(arguments);
    if (instead.isPresent()) {
      return only(instead.get(), arguments);
    }
    org.apache.commons.cli.CommandLine parsed;
    try {
      parsed = new DefaultParser().parse(CommandOptions.all(), traceWithValue(arguments));
    } catch (UnrecognizedOptionException e) {
      throw unknownOption(e.getOption(), arguments);
    } catch (ParseException e) {
      throw new InputException(
          "command line: " + e.getMessage() + " (ringattention -h shows the usage)");
    }
    List<String> words = new ArrayList<>(parsed.getArgList());
    Command command =
        parsed.hasOption("h") // --hel is short for it
            ? Command.HELP
            : parsed.hasOption("V") ? Command.VERSION : command(words);
    if (command == Command.HELP || command == Command.VERSION) {
      return only(command, arguments);
    }
    CommandOptions.require(command, parsed);
    if (command.takesFolders() && words.size() != command.folders()) {
      String needed = command.folders() == 1 ? "the folder of a run" : "the folders of two runs";
      throw new InputException("command line: " + command.words() + " needs " + needed);
    }
    if (!command.takesFolders() && words.size() > 1) {
      throw new InputException("command line: " + words.get(1) + ": one input file is expected");
    }
    PlanOptions plan = command == Command.PLAN ? PlanOptions.of(parsed) : PlanOptions.NONE;
    if (words.isEmpty() && command.needsInput() && !plan.instead()) {
      throw new InputException("command line: " + command.words() + " needs an input file");
    }
    if (parsed.hasOption(CommandOptions.RESUME) && !parsed.hasOption("o")) {
      throw new InputException("command line: --resume needs the run's folder, -o DIR");
    }
    if ((command == Command.EXPORT || command == Command.COLLECT) && !parsed.hasOption("o")) {
      throw new InputException(
          "command line: " + command.words() + " needs the folder to write, -o DIR");
    }
    String[] overrides = parsed.getOptionValues("D");
    return new CommandLine(
        List.of(arguments),
        command,
        command.takesFolders()
            ? Optional.empty()
            : words.stream().findFirst().map(CommandLine::path),
        command.takesFolders() ? words.stream().map(CommandLine::path).toList() : List.of(),
        overrides == null ? List.of() : List.of(overrides),
        Optional.ofNullable(parsed.getOptionValue("o")).map(CommandLine::path),
        parsed.hasOption(CommandOptions.RESUME),
        maxMinutes(parsed),
        parsed.hasOption("dry-run"),
        Optional.ofNullable(parsed.getOptionValue("trace")),
        parsed.hasOption("memory-cap")
            ? OptionalLong.of(ByteSize.parse("--memory-cap", parsed.getOptionValue("memory-cap")))
            : OptionalLong.empty(),
        Optional.ofNullable(parsed.getOptionValue(CommandOptions.PROMPT)),
        plan,
        ExportOptions.of(parsed),
        LogLevel.of(parsed),
        samples(parsed.getOptionValue("n", "3")));
  }

  private static int samples(String text) {
    try {
      int samples = Integer.parseInt(text);
      if (samples >= 0) {
        return samples;
      }
    } catch (NumberFormatException e) { // said below
    }
    throw new InputException("command line: -n " + text + ": must be a whole number, at least 0");
  }

  private static OptionalDouble maxMinutes(org.apache.commons.cli.CommandLine parsed) {
    String text = parsed.getOptionValue(CommandOptions.MAX_MINUTES);
    if (text == null) {
      return OptionalDouble.empty();
    }
    try {
      double minutes = Double.parseDouble(text);
      if (minutes > 0 && Double.isFinite(minutes)) {
        return OptionalDouble.of(minutes);
      }
    } catch (NumberFormatException e) { // said below
    }
    throw new InputException(
        "command line: --max-minutes " + text + ": must be a number of minutes, above 0");
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException unmappable) {
      throw new InputException("command line: " + text + ": " + unmappable.getReason());
    }
  }

  /** An option whose value may be left out would take the input file for its value. */
  private static String[] traceWithValue(String... arguments) {
    return Arrays.stream(arguments)
        .map(argument -> argument.equals("--trace") ? "--trace=" + LAST : argument)
        .toArray(String[]::new);
  }

  private static InputException unknownOption(String option, String... arguments) {
    List<String> words =
        Arrays.stream(arguments).takeWhile(argument -> !argument.startsWith("-")).toList();
    Optional<Command> command = CommandNames.at(words);
    return new InputException(
        "command line: unknown option "
            + option
            + CommandOptions.nearest(option, command)
                .map(name -> ", did you mean " + name + "?")
                .orElse("")
            + " (ringattention help"
            + command.map(known -> " " + known.words()).orElse("")
            + " shows the options)");
  }

  /** Takes the command's words off the list. */
  private static Command command(List<String> words) {
    Command command = CommandNames.at(words).orElseThrow(() -> CommandNames.unknown(words));
    words.subList(0, command.words().split(" ").length).clear();
    return command;
  }

  /**
   * Returns what all ranks must be told alike, but for {@code -D}: that is part of the inputs, as
   * the input file is.
   */
  public Map<String, String> shared() {
    Map<String, String> shared = new LinkedHashMap<>();
    shared.put("command", command.words());
    shared.put("-o", output.map(Path::toString).orElse("none"));
    shared.put("--resume", Boolean.toString(resume));
    shared.put("--max-minutes", maxMinutes.isEmpty() ? "none" : maxMinutes.getAsDouble() + "");
    shared.put("--dry-run", Boolean.toString(dryRun));
    shared.put("--trace", trace.orElse("none"));
    shared.put("--memory-cap", memoryCap.isEmpty() ? "none" : memoryCap.getAsLong() + " bytes");
    shared.put("--prompt", prompt.orElse("none"));
    shared.put("plan", plan.toString());
    shared.put("export", export.toString());
    return shared;
  }

  /**
   * Which of so many, counted from 1, to trace; 0 if none.
   *
   * @throws InputException if there is no such
   */
  public int traced(int count) {
    if (trace.isEmpty()) {
      return 0;
    }
    if (trace.get().equals(LAST)) {
      return count;
    }
    try {
      int number = Integer.parseInt(trace.get());
      if (number >= 1 && number <= count) {
        return number;
      }
    } catch (NumberFormatException e) { // said below
    }
    throw new InputException(
        "command line: --trace=" + trace.get() + ": must be " + LAST + " or 1 to " + count);
  }

  /** The same with another output folder. */
  public CommandLine into(Path folder, boolean goesOn) {
    return new CommandLine(
        arguments,
        command,
        input,
        folders,
        overrides,
        Optional.of(folder),
        goesOn,
        maxMinutes,
        dryRun,
        trace,
        memoryCap,
        prompt,
        plan,
        export,
        logLevel,
        samples);
  }

  /** What an output folder is named after. */
  public String inputName() {
    return input.map(Path::toString).orElse(command.dashed());
  }
}
