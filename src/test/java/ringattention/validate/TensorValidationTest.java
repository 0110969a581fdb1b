package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** The product's own checks where ranks share products; without, see {@link ValidationTest}. */
class TensorValidationTest {
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

  /** All axes: what is left of the ranks works on other sequences. */
  @ParameterizedTest(name = "{0}: {1} tensor x {2} heads x {3} ring on {4} ranks, {5} kv heads")
  @CsvSource({
    "reference, 2, 1, 1, 2, 2",
    "cpu, 2, 1, 1, 2, 4",
    "cpu, 2, 1, 2, 4, 2",
    "cpu, 2, 1, 1, 4, 2",
    "reference, 4, 1, 1, 4, 4",
    "cpu, 2, 2, 1, 4, 4",
    "cpu, 2, 1, 3, 6, 2",
    "cpu, 2, 2, 2, 8, 4"
  })
  void lossAndGradients(String device, int tensor, int heads, int ring, int ranks, int keyValue) {
    Mesh mesh = Mesh.of(ranks, ring, heads, tensor);
    int length = 18 + ranks + ranks % 2 + 1;
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              TransformerChecks transformer = new TransformerChecks(world, made, timer());
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  all.addAll(
                      transformer.ring(
                          TransformerProblem.small(
                              length, 2 * mesh.data(), keyValue, mask, layout, 3),
                          mesh));
                  if (mesh.data() == 1) {
                    TransformerProblem one =
                        TransformerProblem.small(length, 1, keyValue, mask, layout, 7);
                    TransformerProblem packed =
                        one.packed(Packing.of(5, one.ring(mesh).layout(), ranks));
                    all.addAll(transformer.ring(packed, mesh));
                    all.addAll(new PerturbationProbe(world, made, timer()).probe(packed, mesh));
                  }
                }
              }
              return all;
            });
    assertAllPassed(3 * 2 * (mesh.data() == 1 ? 5 : 2), checks);
  }
}
