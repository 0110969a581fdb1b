package ringattention.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringattention.data.Samples;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.plan.TrainingPlan;
import ringattention.report.BenchTable;
import ringattention.report.Check;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/**
 * Where a benchmark runs, and what it leaves there.
 *
 * @param corpus opens the text of rows that train
 * @param checks of all rows so far
 */
public record BenchRun(
    Job job, Equipment equipment, RunOutput output, Corpus corpus, List<Check> checks) {
  /** Opens the sequences of an input's text, the same on every rank; the caller closes them. */
  public interface Corpus {
    Samples open(Job job, Configuration configuration);
  }

  public BenchRun(Job job, Equipment equipment, RunOutput output, Corpus corpus) {
    this(job, equipment, output, corpus, new ArrayList<>());
  }

  /** Returns the same for some of the ranks alone, with checks in common. */
  public BenchRun on(Equipment some) {
    return new BenchRun(job.on(some.world()), some, output, corpus, checks);
  }

  public int ranks() {
    return job.world().size();
  }

  public Device device() {
    return equipment.device();
  }

  /** Returns the plan with the policy that has room on these devices. */
  public TrainingPlan fitted(TrainingPlan plan) {
    Device device = device();
    return plan.fitted(
        device, MemoryLimits.of(job, device, plan.configuration().get(MemoryConfig.SECTION)));
  }

  /** Prints a remark. */
  public void say(String text) {
    output.log().line(text);
  }

  /** Prints the names and units of a table; writes the file without rows. */
  public void header(BenchTable<?> table, String file) {
    table.header().forEach(output.log()::row);
    output.write(file, table.csv());
  }

  /** Adds a row, prints it and writes the file with all rows so far. */
  public <R> void row(BenchTable<R> table, String file, R row) {
    output.log().row(table.row(row));
    output.write(file, table.csv());
  }

  /** Checks that no element of any row is wrong. */
  public void wrong(String name, String formula, long count) {
    checks.add(Check.atMost(name, count, 0, formula, Map.of()));
  }

  /** Prints the checks and the verdict of so many rows; returns the exit code. */
  public int finish(int rows) {
    return finish(rows + " rows, " + ranks() + " ranks", Map.of());
  }

  /**
   * Prints the checks and the verdict.
   *
   * @param result of a valid run
   * @param more further keys of the summary
   * @return the exit code
   */
  public int finish(String result, Map<String, Object> more) {
    return new RunEnd(output).finish(checks, result, Double.NaN, Double.NaN, more);
  }
}
