package ringattention.train;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringattention.cli.CommandLine;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.command.Sections;
import ringattention.input.Configuration;
import ringattention.metrics.PhaseTimer;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.GpuChoice;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;

/**
 * A job that trains a small model, and its configuration.
 *
 * @param options of the command line
 * @param console what it prints
 */
record Given(Configuration configuration, List<String> options, ByteArrayOutputStream console) {
  private static final List<String> SMALL =
      List.of(
          "model.hidden=16",
          "model.layers=1",
          "model.heads=2",
          "train.sequence=32",
          "train.steps=10",
          "device.kind=cpu");

  /**
   * @param keys the last of a key wins
   */
  static Given of(String... keys) {
    List<String> all = new ArrayList<>(SMALL);
    all.addAll(List.of(keys));
    return new Given(Sections.INPUTS.defaults(all), List.of(), new ByteArrayOutputStream());
  }

  Given with(String... more) {
    return new Given(configuration, List.of(more), console);
  }

  /** Returns a rank's job, all on one machine. */
  Job job(Communicator world) {
    List<String> arguments = new ArrayList<>(List.of("train", "input.toml"));
    arguments.addAll(options);
    PrintStream print = new PrintStream(console, true, StandardCharsets.UTF_8);
    return new Job(
        CommandLine.parse(arguments.toArray(String[]::new)),
        new Launch(true, world.rank(), world.size(), false),
        new GpuChoice(-1, "ranks are threads"),
        world,
        Map.of(),
        print,
        print,
        new PhaseTimer(System::nanoTime));
  }

  /** Returns the plan for a device of a rank. Collective. */
  TrainingPlan plan(Job job, Equipment equipment) {
    MemoryLimits limits =
        MemoryLimits.of(job, equipment.device(), configuration.get(MemoryConfig.SECTION));
    return TrainingPlan.of(configuration, job.world().size()).fitted(equipment.device(), limits, 0);
  }

  /** Returns what was printed, with single blanks. */
  String printed() {
    return console.toString(StandardCharsets.UTF_8).replaceAll("\\s+", " ");
  }
}
