package ringattention.evaluate.rollout;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import ringattention.comm.Communicator;
import ringattention.data.trajectories.FeatureColumns;
import ringattention.data.trajectories.FeatureRows;
import ringattention.infer.TrajectoryEngine;
import ringattention.plan.PeakMemory;
import ringattention.report.Check;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/** Roll-outs and what they leave: log, files, checks and verdict. */
public final class RolloutRun {
  private static final int LINES = 50; // of the log, about, however many trials there are

  private final Job job;
  private final RolloutSetup setup;
  private final FeatureRows rows;
  private final RunOutput output;
  private final RolloutTable table;
  private double seconds;
  private int different; // trials that ranks did not play alike
  private double unusable; // outputs

  public RolloutRun(Job job, RolloutSetup setup, FeatureRows rows, RunOutput output) {
    this.job = job;
    this.setup = setup;
    this.rows = rows;
    this.output = output;
    this.table = new RolloutTable(setup.config());
  }

  /**
   * Plays all trials, or waits for ranks that do. How large returns are is the result; what is
   * checked is that ranks played the same. Collective.
   *
   * @param engine of this rank; empty where it waits. Rank 0 has one.
   * @param memory peaks of all ranks once all is played; collective
   * @return the exit code
   */
  public int run(Optional<? extends TrajectoryEngine> engine, Supplier<PeakMemory> memory) {
    output.log().section("Roll-outs in " + setup.config().environment());
    output.log().line(RolloutTable.heading());
    Consumer<String> file = output.table("rollouts.csv", RolloutTable.HEADING);
    Optional<Rollout> own = engine.map(some -> new Rollout(setup, rows, some, 0));
    int trials = setup.config().trials();
    int shown = (trials - 1) / LINES + 1;
    long start = System.nanoTime();
    for (int trial = 0; trial < trials; trial++) {
      int number = trial;
      Optional<double[]> returns = own.map(play -> play.play(number));
      agree(own);
      if (returns.isPresent()) {
        table.add(returns.get()).forEach(file);
        if (trial % shown == 0 || trial == trials - 1) {
          output.log().line(table.line());
        }
      }
    }
    seconds = job.world().allReduce((System.nanoTime() - start) * 1e-9, Communicator.Operation.MAX);
    return end(memory.get());
  }

  /** Compares a trial over the ranks that have played it. */
  private void agree(Optional<Rollout> own) {
    double[] said = {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, 0};
    own.ifPresent(
        play -> {
          said[0] = play.digest();
          said[1] = -play.digest();
          said[2] = play.unusable();
        });
    job.world().allReduce(said, Communicator.Operation.MAX);
    different += said[0] == -said[1] ? 0 : 1;
    unusable = said[2];
  }

  private int end(PeakMemory peak) {
    if (job.root()) {
      output.plot("learning_curve", table::plot);
    }
    List<Check> checks =
        List.of(
            peak.check("memory"),
            Check.atMost(
                "ranks played the same",
                different,
                0,
                "trials whose actions or rewards differ between ranks",
                Map.of()),
            Check.atMost(
                "outputs are numbers", unusable, 0, "outputs that are not finite", Map.of()));
    Map<String, Object> values = values();
    output.event("rollout", values);
    values.put("planned_peak_bytes", peak.worst().planned());
    values.put("measured_peak_bytes", peak.worst().measured());
    return new RunEnd(output)
        .finish(checks, result(), Double.NaN, FeatureColumns.KINDS * stepsPerS(), values);
  }

  private double stepsPerS() {
    RolloutConfig config = setup.config();
    return (double) config.seeds() * config.trials() * setup.steps() / seconds;
  }

  private Map<String, Object> values() {
    RolloutConfig config = setup.config();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("environment", config.environment().toString());
    values.put("seeds", config.seeds());
    values.put("trials", config.trials());
    values.put("context_positions", setup.longest());
    if (setup.returns()) {
      values.put("target", setup.target());
    }
    put(values, "best_return", table.best());
    put(values, "last_return", table.last());
    put(values, "mean_return", table.mean());
    values.put("environment_steps_per_s", stepsPerS());
    values.put("rollout_s", seconds);
    return values;
  }

  private static void put(Map<String, Object> values, String name, RolloutTable.Spread spread) {
    values.put(name, spread.mean());
    values.put(name + "_deviation", spread.deviation());
  }

  private String result() {
    return String.format(
        Locale.ROOT,
        "%s: return of the best of %d trials %s, the last %s, their mean %s, over %d seeds;"
            + " %.0f steps/s, %d ranks",
        setup.config().environment(),
        setup.config().trials(),
        table.best(),
        table.last(),
        table.mean(),
        setup.config().seeds(),
        stepsPerS(),
        job.world().size());
  }
}
