package ringattention.evaluate.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.cli.CommandLine;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.comm.LocalCommunicator;
import ringattention.command.Sections;
import ringattention.data.trajectories.StateStatistics;
import ringattention.infer.TrajectoryEngine;
import ringattention.metrics.PhaseTimer;
import ringattention.plan.PeakMemory;
import ringattention.run.GpuChoice;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** Ranks that do not play the same, or a model that gives no numbers, are found. */
class RankAgreementTest {
  private static final int STATES = 10;

  private static Job job(Communicator world, ByteArrayOutputStream console) {
    PrintStream print = new PrintStream(console, true, StandardCharsets.UTF_8);
    return new Job(
        CommandLine.parse("evaluate", "input.toml"),
        new Launch(true, world.rank(), world.size(), false),
        new GpuChoice(-1, "ranks are threads"),
        world,
        Map.of(),
        print,
        print,
        new PhaseTimer(System::nanoTime));
  }

  /** Gives outputs that are all one number, or else those of the engine. */
  private record Constant(TrajectoryEngine engine, double value) implements TrajectoryEngine {
    @Override
    public int sequences() {
      return engine.sequences();
    }

    @Override
    public double[][] append(int[] steps, float... features) {
      double[][] outputs = engine.append(steps, features);
      for (double[] output : outputs) {
        output[output.length - 1] += value;
      }
      return outputs;
    }

    @Override
    public void clear() {
      engine.clear();
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, ''",
    "0, 100, 3, ranks played the same",
    "NaN, NaN, 3, outputs are numbers"
  })
  void theVerdictSaysSo(double first, double second, int exitCode, String check) {
    var configuration =
        Sections.INPUTS.defaults(
            List.of(
                "model.input=trajectories",
                "model.stateSize=" + STATES,
                "model.actionSize=5",
                "model.episodeSteps=10",
                "model.hidden=8",
                "model.layers=1",
                "model.heads=1",
                "rollout.environment=mdp",
                "rollout.seeds=2",
                "rollout.trials=3",
                "rollout.target=3"));
    RolloutSetup setup = RolloutSetup.of(configuration);
    List<Double> zeros = java.util.Collections.nCopies(STATES, 0.0);
    List<Double> ones = java.util.Collections.nCopies(STATES, 1.0);
    ByteArrayOutputStream console = new ByteArrayOutputStream();
    List<Integer> codes =
        LocalCommunicator.run(
            3,
            world -> {
              Job job = job(world, console);
              double value = world.rank() == 0 ? first : second;
              Optional<TrajectoryEngine> engine =
                  world.rank() == 2 // waits
                      ? Optional.empty()
                      : Optional.of(new Constant(new FakeTrajectories(2, 5, false), value));
              PeakMemory peak = new PeakMemory(List.of(new PeakMemory.Rank(8, 8, 0, 0)));
              return new RolloutRun(
                      job,
                      setup,
                      setup.features(new StateStatistics(zeros, ones)),
                      RunOutput.console(job))
                  .run(engine, () -> peak);
            });
    String printed = console.toString(StandardCharsets.UTF_8);
    assertEquals(List.of(exitCode, exitCode, exitCode), codes, printed);
    if (exitCode == ExitCode.CHECK_FAILED) {
      assertTrue(printed.contains("INVALID: check " + check + " failed"), printed);
    } else {
      assertTrue(printed.contains("VALID: mdp: return of the best of 3 trials"), printed);
    }
  }
}
