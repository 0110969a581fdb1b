package ringattention.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ringattention.checkpoint.CheckpointWriter;
import ringattention.checkpoint.CurriculumPosition;
import ringattention.checkpoint.Origin;
import ringattention.checkpoint.TrainingPosition;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardBuffers;
import ringattention.parallel.ShardedParameters;
import ringattention.run.Version;

/** Leaves what a run leaves that was stopped. */
final class SavedRun {
  private SavedRun() {}

  /** Writes checkpoints of a model of 7 weights, as a run of the given inputs on so many ranks. */
  static void save(
      Path run,
      Given given,
      Map<String, Map<String, String>> contents,
      Map<String, String> choices,
      int ranks,
      long... steps) {
    Version version = Version.read();
    Origin origin =
        new Origin(
            version.toString(),
            version.git(),
            1,
            given.configuration().source().toml(),
            contents,
            choices);
    List<ParameterGroup> groups =
        List.of(new ParameterGroup("a", List.of(new Parameter("a", Parameter.Initial.ONES, 7))));
    LocalCommunicator.run(
        ranks,
        world -> {
          PhaseTimer timer = new PhaseTimer(System::nanoTime);
          try (Device device = new CpuDevice(1);
              Arena arena = new Arena(device)) {
            ShardedParameters parameters =
                new ShardedParameters(
                    device,
                    world,
                    new HostCollectives(world, timer.timeline()),
                    groups,
                    ShardBuffers.allocate(
                        arena, groups, ranks, device.compute(), device.sum(), device.sum(), false),
                    timer);
            parameters.clear();
            try (CheckpointWriter writer =
                new CheckpointWriter(
                    world, device, parameters, run, "t", 9, origin, System::nanoTime, one -> {})) {
              for (long step : steps) {
                writer.save(
                    new TrainingPosition(
                        step, 64 * step, 2 * step, step - 1, 1, CurriculumPosition.START));
              }
              writer.await();
            }
          }
          return null;
        });
  }
}
