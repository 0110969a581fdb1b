package ringattention.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.cli.HelpFormatter;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import ringattention.input.InputException;

/**
 * The options of the command line, and which command uses which: one that is not used is refused.
 */
public final class CommandOptions {
  static final String RESUME = "resume";
  static final String MAX_MINUTES = "max-minutes";
  static final String PROMPT = "prompt";

  private static final List<String> COMPUTING = List.of("D", "o", "dry-run", "memory-cap");
  private static final Map<Command, Set<String>> USED = used();

  private static final String USAGE = "ringattention <command> [options] [INPUT.toml]";
  private static final String COMMANDS =
      """

      Commands:
        train INPUT.toml             train a Transformer with ring attention
        evaluate INPUT.toml          held-out loss by position, or a suite of questions to a model
        generate INPUT.toml          text behind prompts, by a model over all ranks
        validate [INPUT.toml]        check ring attention and training against vanilla attention
        bench attention [INPUT]      rate of ring attention against one rank and matrix products
        bench kernels [INPUT]        rates of one device's matrix products, kernels and attention
        bench decode [INPUT]         rate of one device's attention of new tokens over a cache
        bench prefill INPUT.toml     rate of reading prompts, and steps of new tokens behind them
        bench ring-exchange [INPUT]  bandwidth of the exchange between neighbours
        bench training INPUT.toml    seconds and memory of training steps at several lengths
        bench context INPUT.toml     the longest sequence that trains, of the paper's architectures
        bench mfu INPUT.toml         model FLOP utilization of blockwise and ring training
        bench overlap INPUT.toml     the smallest block whose exchange is hidden
        bench memory INPUT.toml      planned and measured peaks of a step by length and block size
        bench scaling INPUT.toml     weak and strong scaling over the ranks present
        plan INPUT.toml              print every buffer of a run without allocating it
        plan INPUT --hardware NAME   the same, longest context, time and MFU on other hardware
        plan --paper                 the paper's tables of context and MFU, planned
        export RUN -o DIR            a run's model as a Hugging Face folder, from its checkpoint
        show-data INPUT.toml         documents as the model reads them, what is learned marked
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
                    "train: go on in folder DIR from its newest whole checkpoint, if there is one;"
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

  public static String help() {
    StringWriter text = new StringWriter();
    PrintWriter writer = new PrintWriter(text);
    HelpFormatter formatter = new HelpFormatter();
    formatter.printWrapped(writer, 100, "usage: " + USAGE);
    writer.print(COMMANDS);
    formatter.printOptions(writer, 100, all(), 2, 2);
    writer.print(EXIT_CODES);
    writer.flush();
    return text.toString();
  }
}
