package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** Every check fails on each fault in every tensor it looks at: one NaN, one infinity, zeros. */
class PlantedFaultsTest {
  private static final int RANKS = 3;

  /** What is done to a tensor. */
  private enum Fault {
    NAN,
    INFINITY,
    ZEROS,
    DOUBLED;

    void plant(double[] values, int at) {
      switch (this) {
        case NAN -> values[at] = Double.NaN;
        case INFINITY -> values[at] = Double.POSITIVE_INFINITY;
        case ZEROS -> Arrays.fill(values, 0);
        case DOUBLED -> Arrays.setAll(values, i -> 2 * values[i]);
      }
    }
  }

  private static AttentionProblem problem(int length, LayoutKind layout) {
    return new AttentionProblem(length, 1, new HeadCounts(2, 1, 8), Mask.CAUSAL, layout, 1);
  }

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  /** Spoils one row of a tensor of one rank, or all of its rows. */
  private static void spoil(
      AttentionRunner runner, Device device, Quantity quantity, Fault fault, int from, int to) {
    Tensor rows = runner.tensor(quantity).slice(from, to);
    double[] values = device.read(rows);
    fault.plant(values, values.length - 1);
    device.write(rows, values);
  }

  private static List<Check> attention(
      AttentionProblem problem, int ranks, boolean whole, Spoiler ringDone) {
    return LocalCommunicator.run(
            ranks,
            world -> {
              try (CpuDevice device = new CpuDevice(1)) {
                AttentionChecks checks =
                    new AttentionChecks(
                        world,
                        device,
                        timer(),
                        Long.MAX_VALUE,
                        runner -> ringDone.spoil(runner, device),
                        runner -> {});
                return whole ? checks.whole(problem) : checks.sampled(problem);
              }
            })
        .get(0);
  }

  /** Changes what a runner has computed. */
  private interface Spoiler {
    void spoil(AttentionRunner runner, Device device);
  }

  private static void assertFails(String begins, List<Check> checks, String what) {
    assertTrue(
        checks.stream()
            .filter(check -> check.name().startsWith(begins))
            .anyMatch(check -> check.verdict() == Check.Verdict.FAILED),
        () -> what + " passes: " + checks);
  }

  @Test
  void everyTensorOfAttention() {
    AttentionProblem problem = problem(64, LayoutKind.ZIGZAG);
    int sampled =
        IntStream.of(SampledPlaces.of(problem, RANKS).positions())
            .map(position -> Gathered.index(problem.layout(RANKS), 1, position))
            .max()
            .orElseThrow();
    for (boolean whole : new boolean[] {true, false}) {
      for (Fault fault : Fault.values()) {
        for (Quantity quantity : Quantity.values()) {
          if (quantity != Quantity.ROW_SUM) {
            List<Check> checks =
                attention(
                    problem,
                    RANKS,
                    whole,
                    (runner, device) -> {
                      if (runner.rank() == 1) {
                        spoil(runner, device, quantity, fault, sampled, sampled + 1);
                      }
                    });
            String what = fault + " in " + quantity + ", whole " + whole;
            assertFails(quantity.symbol() + ", zigzag", checks, what);
            if (quantity == Quantity.OUT) {
              assertFails("dO.O, zigzag", checks, what);
            }
            if (quantity != Quantity.LOG_SUM_EXP) {
              assertFails(quantity.symbol() + ", ring vs one call", checks, what);
            }
          }
        }
      }
    }
  }

  /** What the ring is compared with is looked at, too: zeros there make the ratio nearly 0. */
  @Test
  void everyTensorOfOneCall() {
    AttentionProblem problem = problem(64, LayoutKind.CONTIGUOUS);
    for (Fault fault : Fault.values()) {
      for (Quantity quantity :
          List.of(
              Quantity.OUT,
              Quantity.QUERY_GRADIENT,
              Quantity.KEY_GRADIENT,
              Quantity.VALUE_GRADIENT)) {
        List<Check> checks =
            LocalCommunicator.run(
                    2,
                    world -> {
                      try (CpuDevice device = new CpuDevice(1)) {
                        Consumer<AttentionRunner> call =
                            runner -> spoil(runner, device, quantity, fault, 1, 64);
                        return new AttentionChecks(
                                world, device, timer(), Long.MAX_VALUE, runner -> {}, call)
                            .whole(problem);
                      }
                    })
                .get(0);
        assertFails(quantity.symbol() + ", ring vs one call", checks, fault + " in " + quantity);
      }
    }
  }

  /** A whole output of any single rank, of which a few rows are sampled. */
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void theOutputOfAnyRank(LayoutKind layout) {
    for (int ranks = 2; ranks <= 8; ranks++) {
      AttentionProblem problem = problem(8 * ranks + 3, layout);
      for (int rank = 0; rank < ranks; rank++) {
        for (Fault fault : ranks > 4 ? List.of(Fault.DOUBLED) : List.of(Fault.values())) {
          int bad = rank;
          List<Check> checks =
              attention(
                  problem,
                  ranks,
                  false,
                  (runner, device) -> {
                    if (runner.rank() == bad) {
                      int tokens = problem.layout(runner.ranks()).size(bad);
                      for (int row = 0; row < tokens; row++) {
                        spoil(runner, device, Quantity.OUT, fault, row, row + 1);
                      }
                    }
                  });
          assertFails("O, " + layout.name().toLowerCase(), checks, fault + " of " + rank);
        }
      }
    }
  }

  @Test
  void lossAndEveryParameterOfATransformer() {
    TransformerProblem problem = TransformerProblem.small(5, 1, Mask.CAUSAL, LayoutKind.ZIGZAG, 3);
    TransformerRunner.Result healthy = spoilt(problem, result -> result);
    for (String name : healthy.gradients().keySet()) {
      for (Fault fault : List.of(Fault.NAN, Fault.INFINITY, Fault.ZEROS)) {
        assertTrue(
            failed(
                problem,
                "gradients",
                result -> {
                  Map<String, double[]> gradients = new TreeMap<>(result.gradients());
                  double[] values = gradients.get(name).clone();
                  fault.plant(values, 0);
                  gradients.put(name, values);
                  return new TransformerRunner.Result(result.loss(), gradients);
                }),
            fault + " in " + name);
      }
    }
    for (double loss : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 0}) {
      assertTrue(
          failed(
              problem, "loss", result -> new TransformerRunner.Result(loss, result.gradients())));
    }
  }

  private static TransformerRunner.Result spoilt(
      TransformerProblem problem, UnaryOperator<TransformerRunner.Result> spoil) {
    TransformerRunner.Result[] seen = new TransformerRunner.Result[1];
    transformer(
        problem,
        result -> {
          seen[0] = result;
          return spoil.apply(result);
        });
    return seen[0];
  }

  private static boolean failed(
      TransformerProblem problem, String begins, UnaryOperator<TransformerRunner.Result> spoil) {
    return transformer(problem, spoil).stream()
        .filter(check -> check.name().startsWith(begins))
        .anyMatch(check -> check.verdict() == Check.Verdict.FAILED);
  }

  private static List<Check> transformer(
      TransformerProblem problem, UnaryOperator<TransformerRunner.Result> spoil) {
    try (CpuDevice device = new CpuDevice(1)) {
      return new TransformerChecks(LocalCommunicator.single(), device, timer(), spoil)
          .ring(problem, Mesh.of(1, 1));
    }
  }

  /** A fault that is there in every pass, so that no bit of it changes. */
  @Test
  void everyPositionOfTheProbes() {
    TransformerProblem problem = TransformerProblem.small(9, 1, Mask.CAUSAL, LayoutKind.ZIGZAG, 7);
    for (Fault fault : List.of(Fault.NAN, Fault.INFINITY, Fault.ZEROS)) {
      for (int position : new int[] {0, 3, 8}) {
        int from = position * problem.model().hidden();
        List<Check> checks =
            LocalCommunicator.run(
                    2,
                    world -> {
                      try (CpuDevice device = new CpuDevice(1)) {
                        return new PerturbationProbe(
                                world,
                                device,
                                timer(),
                                outputs -> {
                                  double[] row = Arrays.copyOfRange(outputs, from, from + 24);
                                  fault.plant(row, 5);
                                  System.arraycopy(row, 0, outputs, from, row.length);
                                })
                            .probe(problem);
                      }
                    })
                .get(0);
        assertFails("probe", checks, fault + " at " + position);
      }
    }
  }

  @Test
  void everyTensorOfTheDocumentProbe() {
    AttentionProblem whole = problem(10, LayoutKind.STRIPED);
    AttentionProblem packed = whole.packed(Packing.of(2, whole.layout(2), 1));
    for (Fault fault : List.of(Fault.NAN, Fault.INFINITY, Fault.ZEROS)) {
      for (Quantity quantity : Quantity.values()) {
        if (quantity != Quantity.ROW_SUM) {
          List<Check> checks =
              LocalCommunicator.run(
                      2,
                      world -> {
                        try (CpuDevice device = new CpuDevice(1)) {
                          return new DocumentProbe(
                                  world,
                                  device,
                                  timer(),
                                  runner -> spoil(runner, device, quantity, fault, 3, 4))
                              .probe(packed);
                        }
                      })
                  .get(0);
          assertFails("probe", checks, fault + " in " + quantity);
        }
      }
    }
  }

  /** Row sums are made on the host: their residual itself. */
  @ParameterizedTest
  @EnumSource(Fault.class)
  void rowSums(Fault fault) {
    AttentionProblem problem = problem(24, LayoutKind.CONTIGUOUS);
    AttentionTruth truth = AttentionTruth.whole(problem, DType.F32);
    Rounding precision = new Rounding(DType.F32, DType.F32);
    double threshold = new Thresholds(precision).attention(Quantity.ROW_SUM, 8);
    AttentionResult exact = truth.result();
    double[] sums = exact.rowSum().clone();
    fault.plant(sums, 7);
    AttentionResult spoilt =
        new AttentionResult(
            exact.out(), exact.logSumExp(), sums, exact.dQuery(), exact.dKey(), exact.dValue());
    assertEquals(0, exact.residuals(truth, precision).get(Quantity.ROW_SUM).value());
    double value = spoilt.residuals(truth, precision).get(Quantity.ROW_SUM).value();
    assertTrue(!(value <= threshold), fault + " " + value);
  }
}
