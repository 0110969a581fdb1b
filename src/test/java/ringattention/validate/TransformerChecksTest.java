package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ModelConfig;
import ringattention.model.YarnRope;
import ringattention.report.Check;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** A sound Transformer passes, however it is spread and in whatever architecture. */
class TransformerChecksTest {
  private static final TransformerProblem PROBLEM =
      TransformerProblem.small(5, 4, Mask.CAUSAL, LayoutKind.CONTIGUOUS, 3);

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  private static void assertPassed(List<Check> checks) {
    for (Check check : checks) {
      assertEquals(Check.Verdict.PASSED, check.verdict(), check::toString);
    }
  }

  @Test
  void theFourArchitecturesAreChecked() {
    try (CpuDevice device = new CpuDevice(1)) {
      List<Check> checks =
          new TransformerChecks(LocalCommunicator.single(), device, timer()).architectures(PROBLEM);
      assertEquals(
          List.of(
              "loss, vanilla",
              "gradients, vanilla",
              "loss, memory-efficient attention",
              "gradients, memory-efficient attention",
              "loss, blockwise feed-forward",
              "gradients, blockwise feed-forward",
              "loss, ring of one",
              "gradients, ring of one"),
          checks.stream().map(Check::name).toList());
      assertPassed(checks);
    }
  }

  /** Queries and keys have a magnitude: in fp32 as in double, and around rings. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void aMagnitudeOfTheRotaryEmbedding(int ranks) {
    ModelConfig plain = PROBLEM.model();
    ModelConfig model =
        new ModelConfig(
            plain.vocabulary(),
            plain.hidden(),
            plain.layers(),
            plain.heads(),
            plain.feedForward(),
            plain.ropeTheta(),
            new YarnRope(4, 5, 1.7, 2, 0.1, true),
            plain.normEpsilon(),
            plain.tied(),
            plain.initStd(),
            plain.checkpoint());
    TransformerProblem problem =
        new TransformerProblem(model, 13, 2, Mask.CAUSAL, LayoutKind.ZIGZAG, 3);
    List<Check> checks =
        LocalCommunicator.run(
                ranks,
                world -> {
                  try (CpuDevice device = new CpuDevice(1)) {
                    return new TransformerChecks(world, device, timer())
                        .ring(problem, Mesh.of(ranks, ranks));
                  }
                })
            .get(0);
    assertEquals(2, checks.size());
    assertPassed(checks);
  }

  /** Each of two ranks alone takes two of the four sequences. */
  @Test
  void replicasTakeEachTheirOwnSequences() {
    List<Check> checks =
        LocalCommunicator.run(
                2,
                world -> {
                  try (CpuDevice device = new CpuDevice(1)) {
                    return new TransformerChecks(world, device, timer())
                        .ring(PROBLEM, Mesh.of(2, 1));
                  }
                })
            .get(0);
    assertEquals(2, checks.size());
    assertPassed(checks);
  }

  /** Weights are small: the next token is nearly as unknown as any of 61. */
  @Test
  void theLossIsTheMeanOfAllTokens() {
    try (CpuDevice device = new CpuDevice(1)) {
      long before = device.allocatedBytes();
      try (TransformerRunner runner =
          new TransformerRunner(
              PROBLEM, PROBLEM.vanilla(), LocalCommunicator.single(), device, timer())) {
        assertEquals(Math.log(61), runner.lossAndGradients().loss(), 1);
      }
      assertEquals(before, device.allocatedBytes(), "a runner gives back its memory");
    }
  }
}
