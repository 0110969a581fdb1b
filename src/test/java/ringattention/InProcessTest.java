package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranks as threads run the program as mpirun's do: the other tests of commands stand on this. */
class InProcessTest {
  @TempDir Path folder;

  @Test
  void threeRanksTrain() {
    Program program = new Program(folder);
    Run run = program.trainInProcess(3, "run", "-D", "train.steps=12");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals(12, run.column("loss").size());
    assertTrue(run.lastLine().startsWith("VALID: "), run.lastLine());
    Run alone = program.trainInProcess(1, "alone", "-D", "train.steps=12");
    for (int step = 0; step < 12; step++) {
      assertEquals(
          Double.parseDouble(alone.column("loss").get(step)),
          Double.parseDouble(run.column("loss").get(step)),
          1e-5);
    }
  }

  /** A rank that fails says so and takes the others down, with exit code 1. */
  @Test
  void aFailingRankEndsTheJob() {
    Program program = new Program(folder);
    Run run = program.trainInProcess(2, "run", "-D", "fault.step=3", "-D", "fault.rank=1");
    assertEquals(1, run.job().exitCode(), run.job().output());
    assertTrue(
        run.errors().stream().anyMatch(line -> line.contains("rank 1 of 2")),
        run.errors().toString());
    assertTrue(Files.notExists(run.folder().resolve("summary.json")));
  }

  @Test
  void badInputIsSaidOnce() {
    Program program = new Program(folder);
    Attempt attempt =
        Attempt.run(
            2,
            Duration.ofSeconds(30),
            List.of("train", program.file("small.toml").toString(), "-D", "train.stpes=3"));
    assertEquals(2, attempt.exitCode());
    assertEquals(1, attempt.errors().size(), attempt.errors().toString());
  }
}
