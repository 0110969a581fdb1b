package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.Program;
import ringattention.Run;

/** The check at the end of a training run asks for no more memory than the run. */
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
}
