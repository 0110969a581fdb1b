package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.comm.LocalCommunicator;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** Which tokens are changed, and that a sound ring passes whatever they are. */
class PerturbationProbeTest {
  private static Check probe(TransformerProblem problem, int ranks) {
    return LocalCommunicator.run(
            ranks,
            world -> {
              try (CpuDevice device = new CpuDevice(1)) {
                return new PerturbationProbe(world, device, new PhaseTimer(System::nanoTime))
                    .probe(problem);
              }
            })
        .get(0)
        .get(0);
  }

  private static Map<String, Double> nothingWrongAt(int... tokens) {
    Map<String, Double> details = new TreeMap<>();
    IntStream.of(tokens).forEach(token -> details.put("wrong at token " + token, 0.0));
    return details;
  }

  /** Ranks begin at 0, 4 and 8, documents at 0 and 7. */
  @Test
  void everyRankAndEveryDocumentIsProbed() {
    for (Mask mask : Mask.values()) {
      TransformerProblem problem =
          TransformerProblem.small(12, 1, mask, LayoutKind.CONTIGUOUS, 7)
              .packed(Documents.startingAt(0, 7));
      Check check = probe(problem, 3);
      assertEquals(
          nothingWrongAt(0, 6, 11, 1, 5, 9, 7), new TreeMap<>(check.details()), mask.toString());
      assertEquals(Check.Verdict.PASSED, check.verdict());
    }
  }

  /** Tokens at both ends of the vocabulary are changed to others of it. */
  @Test
  void theFirstAndTheLastTokenOfTheVocabularyHaveAnother() {
    for (int token : List.of(0, 60)) {
      long seed = 0;
      while (small(seed).sequences()[0].tokens()[0] != token) {
        seed++;
      }
      Check check = probe(small(seed), 1);
      assertEquals(Check.Verdict.PASSED, check.verdict(), "token " + token);
    }
  }

  private static TransformerProblem small(long seed) {
    return TransformerProblem.small(3, 1, Mask.CAUSAL, LayoutKind.CONTIGUOUS, seed);
  }
}
