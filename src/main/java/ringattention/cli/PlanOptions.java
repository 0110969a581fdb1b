package ringattention.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import ringattention.input.InputException;
import ringattention.metrics.Hardware;

/**
 * What {@code plan} plans for, if not for the devices present.
 *
 * @param hardware of another machine
 * @param ranks there; 0: as many as run
 * @param paper whether to plan the paper's tables
 * @param compare a folder of recorded runs to plan
 */
public record PlanOptions(
    Optional<Hardware> hardware, int ranks, boolean paper, Optional<Path> compare) {
  /** For the devices present. */
  static final PlanOptions NONE = new PlanOptions(Optional.empty(), 0, false, Optional.empty());

  private static final int MOST_RANKS = 10_000;
  private static final String HARDWARE = "hardware";
  private static final String RANKS = "ranks";
  private static final String PAPER = "paper";
  private static final String COMPARE = "compare";

  static void addTo(Options options) {
    options.addOption(
        option(HARDWARE, "NAME").desc("plan: for devices that are not here: " + names()).get());
    options.addOption(option(RANKS, "N").desc("plan: so many of them, 1 to " + MOST_RANKS).get());
    options.addOption(
        Option.builder()
            .longOpt(PAPER)
            .desc("plan: the paper's tables 3 and 4 instead of an input")
            .get());
    options.addOption(
        option(COMPARE, "DIR")
            .desc("plan: recorded runs of bench training, predicted against measured")
            .get());
  }

  private static Option.Builder option(String name, String argument) {
    return Option.builder().longOpt(name).hasArg().argName(argument);
  }

  private static String names() {
    return String.join(", ", hardwareNames());
  }

  static List<String> hardwareNames() {
    return Arrays.stream(Hardware.values()).map(Hardware::toString).toList();
  }

  /**
   * @throws InputException with one line if something is wrong
   */
  static PlanOptions of(org.apache.commons.cli.CommandLine parsed) {
    Optional<String> given = Optional.ofNullable(parsed.getOptionValue(HARDWARE));
    Optional<Hardware> hardware = given.map(PlanOptions::hardware);
    if (parsed.hasOption(PAPER) && (hardware.isPresent() || parsed.hasOption(COMPARE))) {
      throw new InputException("command line: --paper has hardware and runs of its own");
    }
    for (String name : new String[] {RANKS, COMPARE}) {
      if (parsed.hasOption(name) && hardware.isEmpty()) {
        throw new InputException("command line: --" + name + " needs --hardware");
      }
    }
    boolean instead = parsed.hasOption(PAPER) || parsed.hasOption(COMPARE);
    if (parsed.hasOption("o") && !instead) {
      throw new InputException("command line: -o is not for plan without --paper or --compare");
    }
    boolean input = parsed.getArgList().size() > 1; // the first is the command
    if (instead && (input || parsed.hasOption("D") || parsed.hasOption("memory-cap"))) {
      throw new InputException(
          "command line: --paper and --compare have runs of their own: no INPUT, -D, --memory-cap");
    }
    if (parsed.hasOption(COMPARE) && parsed.hasOption(RANKS)) {
      throw new InputException("command line: --ranks: recorded runs have their own");
    }
    return new PlanOptions(
        hardware,
        Optional.ofNullable(parsed.getOptionValue(RANKS)).map(PlanOptions::ranks).orElse(0),
        parsed.hasOption(PAPER),
        Optional.ofNullable(parsed.getOptionValue(COMPARE)).map(Path::of));
  }

  /** Whether there is something to plan without an input file. */
  boolean instead() {
    return paper || compare.isPresent();
  }

  private static Hardware hardware(String name) {
    return Hardware.named(name.toLowerCase(Locale.ROOT))
        .orElseThrow(
            () ->
                new InputException(
                    "command line: --hardware=" + name + ": must be one of " + names()));
  }

  private static int ranks(String text) {
    try {
      int ranks = Integer.parseInt(text);
      if (ranks >= 1 && ranks <= MOST_RANKS) {
        return ranks;
      }
    } catch (NumberFormatException e) { // said below
    }
    throw new InputException("command line: --ranks=" + text + ": must be 1 to " + MOST_RANKS);
  }
}
