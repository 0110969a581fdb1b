package ringattention.cli;

import java.util.List;
import java.util.OptionalLong;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import ringattention.input.InputException;

/**
 * What {@code export} reads and writes.
 *
 * @param step of the checkpoint; empty: the newest
 * @param type of the weights that are written, one of {@link #TYPES}
 */
public record ExportOptions(OptionalLong step, String type) {
  /** Types that weights are written in, as {@code output.model} spells them. */
  public static final List<String> TYPES = List.of("bf16", "fp16", "fp32");

  static final ExportOptions NONE = new ExportOptions(OptionalLong.empty(), TYPES.get(0));

  private static final String STEP = "step";
  private static final String TYPE = "type";

  static void addTo(Options options) {
    options.addOption(
        Option.builder()
            .longOpt(STEP)
            .hasArg()
            .argName("N")
            .desc("export: the checkpoint of step N (default: the newest whole one)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt(TYPE)
            .hasArg()
            .argName("TYPE")
            .desc("export: of the weights: " + String.join(", ", TYPES) + " (default: bf16)")
            .get());
  }

  /**
   * @throws InputException with one line if something is wrong
   */
  static ExportOptions of(org.apache.commons.cli.CommandLine parsed) {
    String type = parsed.getOptionValue(TYPE, NONE.type);
    if (!TYPES.contains(type)) {
      throw new InputException(
          "command line: --type " + type + ": must be one of " + String.join(", ", TYPES));
    }
    return new ExportOptions(step(parsed.getOptionValue(STEP)), type);
  }

  private static OptionalLong step(String text) {
    if (text == null) {
      return OptionalLong.empty();
    }
    try {
      long step = Long.parseLong(text);
      if (step >= 0) {
        return OptionalLong.of(step);
      }
    } catch (NumberFormatException e) { // said below
    }
    throw new InputException("command line: --step " + text + ": must be the number of a step");
  }
}
