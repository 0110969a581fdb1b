package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.TrainTest.assertSameBits;
import static ringattention.TrainTest.requireItsFiles;
import static ringattention.TrainTest.valid;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.MpiJob;

/** Trains with the built program: launch, output, bits, start time and abort under mpirun. */
class TrainIT {
  private Program program;

  @TempDir Path folder;

  private Run train(int ranks, String output, String... more) {
    program = new Program(folder);
    return program.train(ranks, output, more);
  }

  /** Of four ranks MPI sums in an order of its own, so only another job of it has the same bits. */
  @Test
  void startsQuicklyAndTheSecondRunGivesTheSameBits() throws IOException {
    Run first = valid(train(4, "first", "-D", "output.plots=true"));
    requireItsFiles(first, 4);
    Run second = valid(train(4, "again"));
    assertSameBits(first, second);
    System.out.printf("4 ranks start in %.1f s%n", second.startSeconds());
    // under 5 s on two quiet cores; 16 s were seen on cores with three times the work they can do
    assertTrue(second.startSeconds() < 30, second.job().output());
    MpiJob.Result compared =
        program.alone("compare", first.folder().toString(), second.folder().toString());
    assertEquals(0, compared.exitCode(), compared.output());
    assertTrue(compared.output().contains("EQUAL"), compared.output());
    MpiJob.Result status = program.alone("status", first.folder().toString());
    assertEquals(0, status.exitCode(), status.output());
    assertTrue(status.output().contains("finished (exit code 0)"), status.output());
  }

  @Test
  void isOneRankWithoutMpirun() {
    program = new Program(folder);
    Path output = program.file("without-mpirun");
    String input = program.file("small.toml").toString();
    Run run =
        new Run(
            program.alone("train", input, "-o", output.toString(), "-D", "train.steps=2"), output);
    valid(run);
    assertEquals(1, run.summary().path("ranks").asInt());
    assertEquals(2, run.column("loss").size());
  }

  @Test
  void namesTheRankThatFails() throws IOException {
    Run run = train(3, "fault", "-D", "fault.rank=1", "-D", "fault.step=2");
    // the last thing known to have happened before the failure
    Instant step = Files.getLastModifiedTime(run.folder().resolve("steps.csv")).toInstant();
    Duration ending = Duration.between(step, Instant.now());
    assertEquals(1, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    assertFalse(run.job().output().contains("MPI_ABORT"), run.job().output());
    assertFalse(run.job().output().contains("failOnPurpose"), run.job().output());
    String error = run.errors().get(0);
    assertTrue(
        error.matches(
            "ringattention: rank 1 of 3 on \\S+ failed, phase [a-z -]+, step 2: .*fault.*"),
        error);
    assertEquals(List.of("1"), run.column("step"));
    System.out.printf("a job with a failed rank is down after %d ms%n", ending.toMillis());
    assertTrue(ending.toSeconds() < 10, "down after " + ending);
  }
}
