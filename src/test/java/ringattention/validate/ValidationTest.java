package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
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

/** The product's own checks, over in-process ranks, on both devices. */
class ValidationTest {

  /**
   * Every number of ranks on the device that runs use. The reference sees in float64 what rounding
   * would hide, which needs an odd number of ranks and one that has rings within it.
   */
  static Stream<Arguments> ranksAndDevices() {
    return Stream.concat(
        Stream.of(1, 2, 3, 4, 5, 8)
            .map(ranks -> Arguments.of(ranks, device("cpu", () -> new CpuDevice(1)))),
        Stream.of(3, 4)
            .map(ranks -> Arguments.of(ranks, device("reference", ReferenceDevice::new))));
  }

  /** Makes a device, and has a name for the test's report. */
  record Named(String name, Supplier<Device> make) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Named device(String name, Supplier<Device> make) {
    return new Named(name, make);
  }

  private static List<Check> onRanks(
      int ranks, Named device, BiFunction<Communicator, Device, List<Check>> body) {
    return LocalCommunicator.run(
            ranks,
            rank -> {
              try (Device made = device.make().get()) {
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

  @ParameterizedTest
  @MethodSource("ranksAndDevices")
  void ringAttentionIsVanillaAttention(int ranks, Named device) {
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  AttentionChecks attention =
                      new AttentionChecks(world, made, timer(), Long.MAX_VALUE);
                  all.addAll(
                      attention.whole(
                          new AttentionProblem(61, 2, new HeadCounts(4, 2, 16), mask, layout, 1)));
                  all.addAll(
                      attention.whole(
                          new AttentionProblem(64, 1, new HeadCounts(2, 2, 8), mask, layout, 2)));
                }
              }
              return all;
            });
    // O, lse, dO.O, dQ, dK, dV; where float64 knows better also one relative error and four ratios
    assertAllPassed(3 * 2 * 2 * (device.name().equals("cpu") ? 11 : 6), checks);
  }

  @ParameterizedTest
  @MethodSource("ranksAndDevices")
  void lossAndGradientsAreThoseOfOneVanillaRank(int ranks, Named device) {
    int batch = ranks * 2;
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              TransformerChecks transformer = new TransformerChecks(world, made, timer());
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  for (int ring = 1; ring <= ranks; ring++) {
                    if (ranks % ring == 0) {
                      all.addAll(
                          transformer.ring(
                              TransformerProblem.small(17 + ranks, batch, mask, layout, 3),
                              Mesh.of(ranks, ring)));
                    }
                  }
                }
              }
              return all;
            });
    long divisors = Stream.iterate(1, i -> i + 1).limit(ranks).filter(i -> ranks % i == 0).count();
    assertAllPassed((int) (3 * 2 * divisors * 2), checks);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void theFourArchitecturesAgree(String name) {
    Named device = device(name, name.equals("cpu") ? () -> new CpuDevice(2) : ReferenceDevice::new);
    for (Mask mask : Mask.values()) {
      TransformerProblem problem = TransformerProblem.small(33, 2, mask, LayoutKind.CONTIGUOUS, 5);
      assertAllPassed(
          4 * 2,
          onRanks(
              1,
              device,
              (world, made) -> new TransformerChecks(world, made, timer()).architectures(problem)));
    }
  }

  @ParameterizedTest
  @MethodSource("ranksAndDevices")
  void aChangedTokenChangesExactlyWhatSeesIt(int ranks, Named device) {
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              PerturbationProbe probe = new PerturbationProbe(world, made, timer());
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  all.addAll(probe.probe(TransformerProblem.small(31, 1, mask, layout, 7)));
                }
              }
              return all;
            });
    assertAllPassed(3 * 2, checks);
  }

  @ParameterizedTest
  @MethodSource("ranksAndDevices")
  void documentsAreAttentionsOfTheirOwn(int ranks, Named device) {
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  AttentionProblem whole =
                      new AttentionProblem(61, 1, new HeadCounts(4, 2, 16), mask, layout, 1);
                  AttentionProblem packed = whole.packed(Packing.of(6, whole.layout(ranks), ranks));
                  all.addAll(
                      new AttentionChecks(world, made, timer(), Long.MAX_VALUE).whole(packed));
                  all.addAll(new DocumentProbe(world, made, timer()).probe(packed));
                }
              }
              return all;
            });
    assertAllPassed(3 * 2 * (device.name().equals("cpu") ? 12 : 7), checks);
  }

  @ParameterizedTest
  @MethodSource("ranksAndDevices")
  void aPackedTransformerIsThatOfOneVanillaRank(int ranks, Named device) {
    List<Check> checks =
        onRanks(
            ranks,
            device,
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              for (LayoutKind layout : LayoutKind.values()) {
                for (Mask mask : Mask.values()) {
                  Mesh one = Mesh.of(ranks, ranks);
                  TransformerProblem whole = TransformerProblem.small(31, 1, mask, layout, 7);
                  TransformerProblem packed =
                      whole.packed(Packing.of(5, whole.ring(one).layout(), ranks));
                  all.addAll(new TransformerChecks(world, made, timer()).ring(packed, one));
                  all.addAll(new PerturbationProbe(world, made, timer()).probe(packed));
                }
              }
              return all;
            });
    assertAllPassed(3 * 2 * 3, checks);
  }

  @ParameterizedTest
  @CsvSource({"1, 8192", "2, 2048", "8, 8192"}) // the longest block, and the most merges
  void residualsDoNotGrowWithTheSequence(int ranks, int most) {
    int[] lengths = IntStream.of(256, 1024, 2048, 8192).filter(n -> n <= most).toArray();
    List<Check> checks =
        onRanks(
            ranks,
            device("cpu", () -> new CpuDevice(1)),
            (world, made) -> {
              List<Check> all = new ArrayList<>();
              for (int length : lengths) {
                AttentionProblem problem =
                    new AttentionProblem(
                        length, 1, new HeadCounts(2, 1, 16), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);
                all.addAll(
                    new AttentionChecks(world, made, timer(), Long.MAX_VALUE).sampled(problem));
              }
              return all;
            });
    assertAllPassed(lengths.length * 11, checks);
    for (int kind = 0; kind < 6; kind++) { // O, lse, dO.O, dQ, dK, dV
      double shortest = checks.get(kind).value();
      double longest = checks.get((lengths.length - 1) * 11 + kind).value();
      assertTrue(longest <= 3 * Math.max(1, shortest), checks.get(kind).name() + " " + longest);
    }
  }
}
