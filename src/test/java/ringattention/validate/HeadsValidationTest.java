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
import ringattention.device.HeadCounts;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** The product's own checks where ranks exchange heads; without, see {@link ValidationTest}. */
class HeadsValidationTest {
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

  /**
   * Odd lengths, as many key/value heads as ranks and more, whole and packed: all results at every
   * position. The last ranks hold a token less than the others.
   */
  @ParameterizedTest(name = "{0}: {1} heads x {2} ring, {3}/{4} heads in {5} chunks, {6} tokens")
  @CsvSource({
    "cpu, 2, 1, 4, 2, 1, 61",
    "reference, 2, 1, 4, 4, 1, 4",
    "cpu, 2, 1, 8, 4, 2, 61",
    "cpu, 2, 2, 8, 4, 1, 61",
    "cpu, 2, 2, 8, 4, 2, 61",
    "reference, 2, 2, 4, 2, 1, 23",
    "cpu, 4, 1, 4, 4, 1, 31",
    "cpu, 2, 3, 12, 2, 1, 53",
    "reference, 3, 2, 6, 3, 1, 29",
    "reference, 3, 1, 9, 9, 3, 29",
    "cpu, 8, 1, 40, 8, 1, 33",
    "cpu, 2, 4, 2, 2, 1, 67"
  })
  void attention(
      String device, int heads, int ring, int query, int keyValue, int chunks, int length) {
    int ranks = heads * ring;
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  AttentionProblem problem =
                      new AttentionProblem(
                              length, 2, new HeadCounts(query, keyValue, 8), mask, layout, 1)
                          .exchanged(heads, chunks);
                  AttentionProblem packed =
                      problem.packed(Packing.of(4, problem.layout(ranks), length));
                  AttentionChecks attention =
                      new AttentionChecks(world, made, timer(), Long.MAX_VALUE);
                  all.addAll(attention.whole(problem));
                  all.addAll(attention.whole(packed));
                  if (layout == LayoutKind.ZIGZAG) {
                    all.addAll(new DocumentProbe(world, made, timer()).probe(packed));
                  }
                }
              }
              return all;
            });
    assertAllPassed(3 * 2 * 2 * (device.equals("cpu") ? 11 : 6) + 2, checks);
  }

  /** All axes: what is left of the ranks works on other sequences. */
  @ParameterizedTest(
      name = "{0}: {1} heads x {2} ring on {3} ranks, {4} key/value heads in {5} chunks")
  @CsvSource({
    "cpu, 2, 1, 2, 2, 1",
    "reference, 2, 1, 2, 2, 1",
    "cpu, 2, 1, 4, 4, 1",
    "cpu, 2, 1, 4, 4, 2",
    "cpu, 2, 2, 4, 2, 1",
    "reference, 2, 2, 4, 4, 2",
    "cpu, 4, 1, 4, 4, 1",
    "cpu, 2, 3, 6, 2, 1",
    "cpu, 2, 2, 8, 2, 1"
  })
  void lossAndGradients(String device, int heads, int ring, int ranks, int keyValue, int chunks) {
    Mesh mesh = Mesh.of(ranks, ring, heads).inChunks(chunks);
    int length = 17 + ranks;
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
