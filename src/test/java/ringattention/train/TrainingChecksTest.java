package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.Program;
import ringattention.Run;
import ringattention.comm.LocalCommunicator;
import ringattention.report.Check;

/** The check at the end of a training run asks for no more memory than the run, of every ring. */
class TrainingChecksTest {
  @TempDir Path folder;

  private Run run(int ranks, int tokens, String cap) {
    List<String> options =
        List.of(
            "-D", "train.sequence=" + tokens,
            "-D", "train.steps=1",
            "-D", "train.warmupSteps=0",
            "-D", "model.layers=1",
            "-D", "feedForward.block=32",
            "-D", "lossHead.block=16",
            "--memory-cap", cap);
    return new Program(folder).trainInProcess(ranks, "run", options.toArray(String[]::new));
  }

  private static boolean says(Run run, String name, String verdict) {
    return run.job()
        .output()
        .lines()
        .anyMatch(line -> line.startsWith(name) && line.contains(verdict));
  }

  /** Both heads of 2048 tokens do not fit on one rank, one does. */
  @Test
  void headByHead() {
    Run run = run(4, 2048, "1.86MiB");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertTrue(says(run, "dQ, zigzag", "PASSED"), run.job().output());
    assertTrue(says(run, "dQ, ring vs one call", "PASSED"), run.job().output());
    assertTrue(run.lastLine().startsWith("VALID: "), run.lastLine());
  }

  /** Not one head of 4096 tokens fits on one rank: the ring is compared with float64 only. */
  @Test
  void aSequenceOfWhichOneRankCannotHoldAHead() {
    Run run = run(8, 4096, "1.86MiB");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertTrue(says(run, "dQ, zigzag", "PASSED"), run.job().output());
    assertTrue(says(run, "ring vs one call", "NOT CHECKED"), run.job().output());
    assertTrue(run.lastLine().startsWith("VALID: "), run.lastLine());
  }

  private static Check check(double value) {
    return Check.between("O", value, 0.1, 1.5, "f", Map.of());
  }

  /** Two rings of two ranks: what the second finds counts as much as what the first does. */
  @Test
  void theWorstRingCounts() {
    double[][] cases = {
      {1, 2, 2}, {1, 0.01, 0.01}, {1, 1.2, 1.2}, {1.2, 1, 1.2}, {2, 1, 2}, {1, Double.NaN, 0}
    };
    for (double[] values : cases) {
      List<Check> worst =
          LocalCommunicator.run(
                  4,
                  world ->
                      WorstChecks.of(
                          world,
                          world.rank() % 2 == 0
                              ? List.of(check(values[world.rank() / 2]))
                              : List.of()))
              .get(0);
      assertEquals(1, worst.size());
      boolean failed =
          List.of(values[0], values[1]).stream().anyMatch(v -> !(0.1 <= v && v <= 1.5));
      assertEquals(failed ? Check.Verdict.FAILED : Check.Verdict.PASSED, worst.get(0).verdict());
      if (!Double.isNaN(values[1])) {
        assertEquals(values[2], worst.get(0).value());
      }
    }
  }

  /** A ring that could not check is not passed over. */
  @Test
  void aRingThatCheckedNothingIsNamed() {
    Check none = Check.notChecked("O", "why");
    for (List<Check> second : List.of(List.of(none), List.of(check(1), none))) {
      List<Check> worst =
          LocalCommunicator.run(
                  2, world -> WorstChecks.of(world, world.rank() == 0 ? List.of(check(1)) : second))
              .get(0);
      assertTrue(
          worst.stream().anyMatch(check -> check.verdict() == Check.Verdict.NOT_CHECKED),
          worst.toString());
    }
  }
}
