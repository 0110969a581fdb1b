package ringattention.bench;

import java.util.List;
import ringattention.bench.training.TrainingRow;
import ringattention.plan.PlanReport;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.shard.Mesh;

/**
 * A table of measurements with its checks. Its constructor refuses inputs that do not suit it or
 * the ranks: nothing has been written or allocated then. All calls are collective.
 */
public interface Benchmark {
  /** Returns how the ranks share a sequence, for the header: one ring unless it says otherwise. */
  default Mesh mesh(int ranks) {
    return Mesh.of(ranks, ranks);
  }

  /** Chooses what depends on the devices, before anything is written. */
  default void fit(Job job, Equipment equipment) {}

  /** Returns the rows that train; the text must be long enough for each. */
  default List<TrainingRow> rows() {
    return List.of();
  }

  /** Says what would be measured: the plans of the rows. */
  default void plan(BenchRun run) {
    for (TrainingRow row : rows()) {
      run.say(row.name());
      PlanReport.print(run.fitted(row.plan()), run.device(), run.output().log());
    }
  }

  /** Measures and writes; returns the exit code. */
  int measure(BenchRun run);
}
