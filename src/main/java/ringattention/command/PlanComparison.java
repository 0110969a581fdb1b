package ringattention.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ringattention.bench.training.BenchTrainingConfig;
import ringattention.forecast.HardwarePlan;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.Hardware;
import ringattention.metrics.StepTime;
import ringattention.plan.Variants;
import ringattention.report.Csv;
import ringattention.report.OutputException;
import ringattention.run.MemoryConfig;
import ringattention.run.SavedKind;

/**
 * Runs of {@code bench training} that were recorded on some hardware, and what would have been
 * planned for them.
 */
public final class PlanComparison {
  private static final double GIB = 1L << 30;

  /**
   * A row of a recorded table.
   *
   * @param run the recorded folder's name
   * @param plan of the same row on the hardware
   * @param measured columns of training.csv by name
   */
  public record Row(String run, HardwarePlan plan, Map<String, String> measured) {
    public double number(String column) {
      String text = measured.get(column);
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException | NullPointerException e) {
        throw new InputException(
            "command line: --compare: training.csv of "
                + run
                + ": "
                + column
                + " = "
                + text
                + ": must be a number");
      }
    }

    public double memoryRatio() {
      return plan.memory().bytes() / GIB / number("peak_gib");
    }

    public StepTime time() {
      return plan.time().orElseThrow();
    }

    public double timeRatio() {
      return time().phases().wallS() / number("step_s");
    }
  }

  private PlanComparison() {}

  /**
   * Every row of every run in a folder.
   *
   * @param runs folders with used_inputs.toml and training.csv, among others
   * @throws InputException if there is none, or one is not what bench training wrote
   */
  public static List<Row> of(Hardware hardware, Path runs) {
    List<Row> rows = new ArrayList<>();
    for (Path run : folders(runs)) {
      Configuration configuration =
          Sections.INPUTS.read(run.resolve("used_inputs.toml"), List.of());
      for (Map<String, String> measured : table(run.resolve("training.csv"))) {
        rows.add(row(hardware, run.getFileName().toString(), configuration, measured));
      }
    }
    if (rows.isEmpty()) {
      throw new InputException(
          "command line: --compare=" + runs + ": must have folders of bench training");
    }
    return rows;
  }

  private static Row row(
      Hardware hardware, String run, Configuration recorded, Map<String, String> measured) {
    Row columns = new Row(run, null, measured);
    int tokens = (int) columns.number("tokens");
    BenchTrainingConfig bench = recorded.get(BenchTrainingConfig.SECTION);
    MemoryConfig room = recorded.get(MemoryConfig.SECTION);
    if (!bench.deviceGiB().isEmpty()) {
      room = room.withDeviceGiB(bench.deviceGiB().get(bench.tokens().indexOf(tokens)));
    }
    Configuration one = Variants.of(recorded, tokens, asKept(room, measured.get("saved")));
    return new Row(run, HardwarePlan.of(hardware, one, (int) columns.number("ranks")), measured);
  }

  /** Time and memory are compared of what was kept then, not of what would be kept now. */
  private static MemoryConfig asKept(MemoryConfig memory, String saved) {
    return Arrays.stream(SavedKind.values())
        .filter(kind -> kind.toString().equals(saved))
        .findFirst()
        .map(memory::withSaved)
        .orElse(memory);
  }

  private static List<Path> folders(Path runs) {
    try (Stream<Path> list = Files.list(runs)) {
      return list.filter(run -> Files.isRegularFile(run.resolve("training.csv")))
          .filter(run -> Files.isRegularFile(run.resolve("used_inputs.toml")))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new InputException("command line: --compare=" + runs + ": must be a readable folder");
    }
  }

  private static List<Map<String, String>> table(Path csv) {
    try {
      return Csv.rows(Files.readString(csv));
    } catch (IOException | OutputException e) {
      throw new InputException("command line: --compare: " + csv + ": cannot be read");
    }
  }
}
