package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** Models of trajectories on every axis of the ranks, against the vanilla one in float64. */
class TrajectoryModelTest {
  private static List<Check> onRanks(
      int ranks, String device, BiFunction<Communicator, Device, List<Check>> body) {
    return LocalCommunicator.run(
            ranks,
            rank -> {
              try (Device made = device.equals("cpu") ? new CpuDevice(1) : new ReferenceDevice()) {
                return body.apply(rank, made);
              }
            })
        .get(0);
  }

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  private static void assertAllPassed(int expected, List<Check> checks) {
    assertEquals(expected, checks.size());
    for (Check check : checks) {
      assertEquals(Check.Verdict.PASSED, check.verdict(), () -> check.toString());
    }
  }

  /** Odd lengths, whose last step is cut, and whose blocks of 7 begin within a step. */
  @ParameterizedTest(name = "{0}: {1} heads x {2} ring on {3} ranks")
  @CsvSource({
    "cpu, 1, 1, 1",
    "cpu, 1, 3, 3",
    "reference, 1, 2, 2",
    "cpu, 1, 2, 4",
    "cpu, 2, 1, 2",
    "cpu, 2, 2, 4",
    "reference, 2, 1, 4"
  })
  void lossAndGradients(String device, int heads, int ring, int ranks) {
    Mesh mesh = Mesh.of(ranks, ring, heads);
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              TransformerChecks transformer = new TransformerChecks(world, made, timer());
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  TransformerProblem several =
                      TransformerProblem.small(31, 2 * mesh.data(), mask, layout, 3)
                          .ofTrajectories();
                  all.addAll(transformer.ring(several, mesh));
                  if (mesh.data() == 1) {
                    TransformerProblem packed =
                        TransformerProblem.small(29, 1, mask, layout, 7)
                            .ofTrajectories()
                            .packed(Documents.startingAt(0, 12));
                    all.addAll(transformer.ring(packed, mesh));
                    all.addAll(new PerturbationProbe(world, made, timer()).probe(packed, mesh));
                  }
                }
              }
              return all;
            });
    assertAllPassed(3 * 2 * (mesh.data() == 1 ? 5 : 2), checks);
  }

  /** The vanilla one too, and feed-forward and head in blocks. */
  @Test
  void theFourArchitectures() {
    TransformerProblem problem =
        TransformerProblem.small(31, 2, Mask.CAUSAL, LayoutKind.CONTIGUOUS, 5).ofTrajectories();
    assertAllPassed(
        8,
        onRanks(
            1,
            "cpu",
            (world, device) ->
                new TransformerChecks(world, device, timer()).architectures(problem)));
  }

  /** A number of each kind, of positions that are one's own and another rank's. */
  @ParameterizedTest
  @CsvSource({"1, 13", "2, 21", "3, 27"})
  void oneChangedNumberChangesWhatSeesIt(int ranks, int length) {
    for (Mask mask : Mask.values()) {
      for (LayoutKind layout : LayoutKind.values()) {
        TransformerProblem problem =
            TransformerProblem.small(length, 1, mask, layout, 7).ofTrajectories();
        assertAllPassed(
            1,
            onRanks(
                ranks,
                "cpu",
                (world, device) -> new PerturbationProbe(world, device, timer()).probe(problem)));
      }
    }
  }
}
