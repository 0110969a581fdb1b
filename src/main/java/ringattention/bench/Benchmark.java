package ringattention.bench;

import java.util.Optional;
import ringattention.input.Configuration;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.shard.Decomposition;

/** The frame of a benchmark: opens what it needs and says what runs. */
public final class Benchmark {
  /** What is measured and written; gives the exit code. */
  public interface Body {
    public int run(Equipment equipment, RunOutput output);
  }

  private Benchmark() {}

  /** In a ring of all ranks. Collective. */
  public static int run(Job job, Configuration configuration, Body body) {
    int ranks = job.world().size();
    return run(job, configuration, new Decomposition(ranks, ranks), body);
  }

  /**
   * Collective.
   *
   * @param configuration checked: nothing is written or allocated before
   */
  public static int run(
      Job job, Configuration configuration, Decomposition decomposition, Body body) {
    try (Equipment equipment = Equipment.open(job, configuration);
        RunOutput output = RunOutput.of(job, configuration)) {
      announce(job, equipment, decomposition, output);
      return body.run(equipment, output);
    }
  }

  /** Says what runs, and on what. Collective. */
  public static void announce(
      Job job, Equipment equipment, Decomposition decomposition, RunOutput output) {
    var header = Header.of(job, equipment, decomposition, Optional.empty());
    output.log().rows(header.lines());
    output.event("start", header.fields());
  }
}
