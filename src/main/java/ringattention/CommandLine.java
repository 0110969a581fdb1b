package ringattention;

import java.io.PrintWriter;
import java.io.StringWriter;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.HelpFormatter;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import ringattention.config.Configuration;
import ringattention.config.InputException;
import ringattention.config.Inputs;

/**
 * What the user typed.
 *
 * @param arguments as given
 * @param command what to do; HELP and VERSION win over everything else
 * @param input the input file; needed by train, bench training and plan
 * @param folders of runs, for status and compare
 * @param overrides from {@code -D}
 * @param output folder from {@code -o}
 * @param resume go on from what the output folder holds, in the same folder
 * @param maxMinutes since the start of the process, after which training stops
 * @param dryRun stop before anything is allocated or computed
 * @param trace from {@code --trace}: a number, or {@link #LAST}
 * @param memoryCap from {@code --memory-cap}: bytes that each rank's device allocates at most
 * @param plan for {@code plan}
 */
record CommandLine(
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
    PlanOptions plan) {

  /** What the program can do. */
  enum Command {
    TRAIN("train", true),
    VALIDATE("validate", false),
    BENCH_ATTENTION("bench attention", false),
    BENCH_KERNELS("bench kernels", false),
    BENCH_RING_EXCHANGE("bench ring-exchange", false),
    BENCH_TRAINING("bench training", true),
    BENCH_CONTEXT("bench context", true),
    BENCH_MFU("bench mfu", true),
    BENCH_OVERLAP("bench overlap", true),
    BENCH_MEMORY("bench memory", true),
    BENCH_SCALING("bench scaling", true),
    PLAN("plan", true),
    GRADIENTS("gradients", true),
    STATUS("status", 1),
    COMPARE("compare", 2),
    HELP("help", false),
    VERSION("version", false);

    private final String words;
    private final boolean needsInput;
    private final int folders; // instead of an input

    Command(String words, boolean needsInput) {
      this.words = words;
      this.needsInput = needsInput;
      this.folders = 0;
    }

    Command(String words, int folders) {
      this.words = words;
      this.needsInput = false;
      this.folders = folders;
    }

    /** Whether it reads what runs have left, and needs nothing else. */
    boolean readsFolders() {
      return folders > 0;
    }

    /** Whether it has steps, or the like, of which one can be traced. */
    boolean isTraceable() {
      return this == TRAIN || this == BENCH_ATTENTION;
    }

    /** Whether what it prints is a table of data, to be read by programs. */
    boolean isTable() {
      return words.startsWith("bench ");
    }

    /** As typed, for the name of an output folder: with a dash. */
    String dashed() {
      return words.replace(' ', '-');
    }
  }

  private static final String LAST = "last";
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?(GiB|MiB)");
  private static final String RESUME = "resume";
  private static final String MAX_MINUTES = "max-minutes";
  private static final String USAGE = "ringattention <command> [options] [INPUT.toml]";
  private static final String COMMANDS =
      """

      Commands:
        train INPUT.toml             train a Transformer with ring attention
        validate [INPUT.toml]        check ring attention and training against vanilla attention
        bench attention [INPUT]      rate of ring attention against one rank and matrix products
        bench kernels [INPUT]        rates of one device's matrix products, kernels and attention
        bench ring-exchange [INPUT]  bandwidth of the exchange between neighbours
        bench training INPUT.toml    seconds and memory of training steps at several lengths
        bench context INPUT.toml     the longest sequence that trains, of the paper's architectures
        bench mfu INPUT.toml         model FLOP utilization of blockwise and ring training
        bench overlap INPUT.toml     the smallest block whose exchange is hidden
        bench memory INPUT.toml      activation bytes of a layer by length and block size
        bench scaling INPUT.toml     weak and strong scaling over the ranks present
        plan INPUT.toml              print every buffer of a run without allocating it
        plan INPUT --hardware NAME   the same, longest context, time and MFU on other hardware
        plan --paper                 the paper's tables of context and MFU, planned
        gradients INPUT.toml         write logits and gradients of the first batch, small models only
        status DIR                   how far a run is, from its folder
        compare DIR DIR              where two runs differ: inputs, versions, losses

      Started alone it is one rank; start N ranks with mpirun -np N or srun.

      Options:
      """;
  private static final String EXIT_CODES =
      """

      Exit codes: 0 done and valid, 1 error, 2 bad usage or input, 3 a check failed, 4 diverged,
      75 stopped with a checkpoint: the same command with --resume goes on.
      Keys of the input: docs/inputs.md
      """;

  /** Whether such a command line needs no MPI and no device; it may be wrong in other ways. */
  static boolean readsFolders(String... arguments) {
    return Arrays.stream(Command.values())
        .anyMatch(
            command ->
                command.readsFolders()
                    && arguments.length > 0
                    && arguments[0].equals(command.words));
  }

  /**
   * @throws InputException with one line if something is wrong
   */
  static CommandLine parse(String... arguments) {
    org.apache.commons.cli.CommandLine parsed;
    try {
      parsed = new DefaultParser().parse(options(), traceWithValue(arguments));
    } catch (ParseException e) {
      throw new InputException(
          "command line: " + e.getMessage() + " (ringattention -h shows the usage)");
    }
    List<String> words = new ArrayList<>(parsed.getArgList());
    Command command =
        parsed.hasOption("h")
            ? Command.HELP
            : parsed.hasOption("version") ? Command.VERSION : command(words);
    if (command.readsFolders() && words.size() != command.folders) {
      String needed = command.folders == 1 ? "the folder of a run" : "the folders of two runs";
      throw new InputException("command line: " + command.words + " needs " + needed);
    }
    if (!command.readsFolders() && words.size() > 1) {
      throw new InputException("command line: " + words.get(1) + ": one input file is expected");
    }
    PlanOptions plan = PlanOptions.of(parsed, command == Command.PLAN);
    if (words.isEmpty() && command.needsInput && !plan.instead()) {
      throw new InputException("command line: " + command.words + " needs an input file");
    }
    Optional<String> trace = Optional.ofNullable(parsed.getOptionValue("trace"));
    if (trace.isPresent() && !command.isTraceable()) {
      throw new InputException("command line: --trace is for train and bench attention");
    }
    requireTraining(parsed, command);
    String[] overrides = parsed.getOptionValues("D");
    return new CommandLine(
        List.of(arguments),
        command,
        command.readsFolders()
            ? Optional.empty()
            : words.stream().findFirst().map(CommandLine::path),
        command.readsFolders() ? words.stream().map(CommandLine::path).toList() : List.of(),
        overrides == null ? List.of() : List.of(overrides),
        Optional.ofNullable(parsed.getOptionValue("o")).map(CommandLine::path),
        parsed.hasOption(RESUME),
        maxMinutes(parsed),
        parsed.hasOption("dry-run"),
        trace,
        parsed.hasOption("memory-cap")
            ? OptionalLong.of(bytes(parsed.getOptionValue("memory-cap")))
            : OptionalLong.empty(),
        plan);
  }

  private static long bytes(String text) {
    Matcher size = SIZE.matcher(text);
    double bytes = 0;
    if (size.matches()) {
      bytes = Double.parseDouble(size.group(1)) * (size.group(2).equals("GiB") ? 1 << 30 : 1 << 20);
    }
    if (bytes < 1 || bytes >= Long.MAX_VALUE) {
      throw new InputException(
          "command line: --memory-cap " + text + ": must be a size, for example 80GiB or 512MiB");
    }
    return (long) bytes;
  }

  private static void requireTraining(org.apache.commons.cli.CommandLine parsed, Command command) {
    for (String option : List.of(RESUME, MAX_MINUTES)) {
      if (parsed.hasOption(option) && command != Command.TRAIN) {
        throw new InputException("command line: --" + option + " is for train");
      }
    }
    if (parsed.hasOption(RESUME) && !parsed.hasOption("o")) {
      throw new InputException("command line: --resume needs the run's folder, -o DIR");
    }
  }

  private static OptionalDouble maxMinutes(org.apache.commons.cli.CommandLine parsed) {
    String text = parsed.getOptionValue(MAX_MINUTES);
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

  /** Takes the command's words off the list. */
  private static Command command(List<String> words) {
    String text = String.join(" ", words) + " ";
    for (Command command : Command.values()) {
      if (text.startsWith(command.words + " ")) {
        words.subList(0, command.words.split(" ").length).clear();
        return command;
      }
    }
    List<String> known =
        Arrays.stream(Command.values())
            .filter(command -> command != Command.HELP && command != Command.VERSION)
            .map(command -> command.words)
            .toList();
    String given = words.isEmpty() ? "a command is missing" : "unknown command " + words.get(0);
    throw new InputException(
        "command line: " + given + " (commands: " + String.join(", ", known) + ")");
  }

  private static Options options() {
    Options options = new Options();
    PlanOptions.addTo(options);
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
                    "train: go on in folder DIR from its newest whole checkpoint, if there is one")
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
                .longOpt("dry-run")
                .desc("check the input, print header and memory plan, stop")
                .get())
        .addOption(
            Option.builder()
                .longOpt("memory-cap")
                .hasArg()
                .argName("SIZE")
                .desc("most that each rank's device may allocate, for example 80GiB or 512MiB")
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
        .addOption(Option.builder().longOpt("version").desc("the version").get());
  }

  static String help() {
    StringWriter text = new StringWriter();
    PrintWriter writer = new PrintWriter(text);
    HelpFormatter formatter = new HelpFormatter();
    formatter.printWrapped(writer, 100, "usage: " + USAGE);
    writer.print(COMMANDS);
    formatter.printOptions(writer, 100, options(), 2, 2);
    writer.print(EXIT_CODES);
    writer.flush();
    return text.toString();
  }

  /** Returns what ranks must be told alike; input file and {@code -D} are compared as inputs. */
  Map<String, String> shared() {
    Map<String, String> shared = new LinkedHashMap<>();
    shared.put("command", command.words);
    shared.put("-o", output.map(Path::toString).orElse("none"));
    shared.put("--resume", Boolean.toString(resume));
    shared.put("--max-minutes", maxMinutes.isEmpty() ? "none" : maxMinutes.getAsDouble() + "");
    shared.put("--dry-run", Boolean.toString(dryRun));
    shared.put("--trace", trace.orElse("none"));
    shared.put("--memory-cap", memoryCap.isEmpty() ? "none" : memoryCap.getAsLong() + " bytes");
    shared.put("plan", plan.toString());
    return shared;
  }

  /**
   * @throws InputException if the input is wrong
   */
  Configuration configuration() {
    return input.isPresent() ? Inputs.read(input.get(), overrides) : Inputs.defaults(overrides);
  }

  /**
   * Which of so many, counted from 1, to trace; 0 if none.
   *
   * @throws InputException if there is no such
   */
  int traced(int count) {
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

  /** What an output folder is named after. */
  String inputName() {
    return input.map(Path::toString).orElse(command.dashed());
  }
}
