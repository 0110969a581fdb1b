package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What happens to runs on real clusters, each with a real mpirun: how it ends, that nothing stays
 * behind, and that the run resumed in its folder is the one that was never disturbed, to the bit.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultIT {
  private static final int STEPS = 30;
  private static final int RANKS = 2;
  private static final int KILLS = Integer.getInteger("faults.kills", 1);
  private static final long SEED = Long.getLong("faults.seed", System.nanoTime());
  private static final int ENDING = 30; // seconds from the fault to the job's end
  private static final Pattern STEP = Pattern.compile("step +(\\d+)/.*");

  private static final String STALL = "fault.kind=stall";

  private Program program;
  private Run whole;

  @BeforeAll
  void trainUndisturbed(@TempDir Path folder) {
    program = new Program(folder);
    whole = runHere(program.file("whole"));
    System.out.println("kills at moments of -Dfaults.seed=" + SEED);
  }

  private FaultJob start(String name, String... more) {
    return startIn(program.file(name), more);
  }

  /**
   * @param more keys with values, and options
   */
  private FaultJob startIn(Path folder, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", program.file("small.toml") + ""));
    arguments.addAll(keys(more));
    arguments.addAll(List.of("-o", folder.toString()));
    return FaultJob.start(RANKS, folder, arguments);
  }

  private static List<String> keys(String... more) {
    List<String> arguments = new ArrayList<>();
    for (String each : more) {
      if (!each.startsWith("--") && each.contains("=")) {
        arguments.add("-D");
      }
      arguments.add(each);
    }
    arguments.addAll(List.of("-D", "train.steps=" + STEPS, "-D", "train.sequence=513"));
    return arguments;
  }

  /** The same with threads as ranks, for runs that nothing happens to. */
  private Run runHere(Path folder, String... more) {
    String name = folder.getFileName().toString();
    Run run = program.trainInProcess(RANKS, name, keys(more).toArray(String[]::new));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static Run ended(int exitCode, FaultJob job) {
    Run run = job.end();
    assertEquals(exitCode, run.job().exitCode(), run.job().output());
    assertFalse(run.job().output().contains("\tat "), run.job().output());
    return run;
  }

  private static Run endedSoon(int exitCode, FaultJob job) {
    Run run = ended(exitCode, job);
    assertTrue(run.job().time().toSeconds() < ENDING, "ended after " + run.job().time());
    return run;
  }

  /** Goes on in the folder to the end; the run must be as if nothing had happened. */
  private Run resumed(Path folder, String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    all.add("--resume");
    Run run = ended(0, startIn(folder, all.toArray(String[]::new)));
    assertSameRun(whole, run);
    return run;
  }

  private static void assertSameRun(Run expected, Run run) {
    for (String column : List.of("step", "loss", "grad_norm", "learning_rate")) {
      assertEquals(expected.column(column), run.column(column), column);
    }
    List<Integer> all = IntStream.rangeClosed(1, STEPS).boxed().toList();
    assertEquals(
        all,
        run.events().stream()
            .filter(event -> event.path("event").asText().equals("step"))
            .map(event -> event.path("step").asInt())
            .toList());
    assertEquals(
        all,
        run.lines("run.log").stream()
            .map(STEP::matcher)
            .filter(Matcher::matches)
            .map(line -> Integer.valueOf(line.group(1)))
            .toList());
    JsonNode summary = run.summary();
    assertEquals("VALID", summary.path("verdict").asText());
    assertEquals(expected.summary().path("final_loss"), summary.path("final_loss"));
    assertFalse(Files.exists(run.folder().resolve("run.lock")));
  }

  private static void assertStopped(Run run, String by) {
    JsonNode summary = run.summary();
    assertEquals("STOPPED", summary.path("verdict").asText());
    assertEquals(75, summary.path("exit_code").asInt());
    assertEquals(by, summary.path("stopped_by").asText());
    int step = summary.path("stopped_step").asInt();
    assertEquals(step, run.column("step").size());
    assertEquals(step, summary.path("checkpoint_step").asInt());
    assertTrue(Files.exists(run.folder().resolve("checkpoints/step_" + step + "/DONE")));
  }

  @Test
  void signalStopsWithACheckpointEvenWhereNoneAreWritten() {
    FaultJob job = start("usr1", "output.plots=true");
    job.until(() -> job.hasSteps(2));
    job.signal("USR1");
    job.signal("USR1"); // most likely while the checkpoint is being written
    assertStopped(endedSoon(75, job), "SIGUSR1");
    Run run = runHere(job.folder(), "output.plots=true", "--resume");
    assertSameRun(whole, run);
    assertTrue(Files.exists(run.folder().resolve("plots/loss.png")));
  }

  @Test
  @Tag("faults")
  void terminatedRankStopsAllOfThem() {
    FaultJob job = start("term");
    job.until(() -> job.hasSteps(2));
    job.signal(1, "TERM");
    assertStopped(endedSoon(75, job), "SIGTERM");
    resumed(job.folder());
  }

  /** Each part makes a step at least, so the run comes to its end however short the parts are. */
  @Test
  @Tag("faults")
  void timeThatIsOverStopsPartByPart() {
    Path folder = program.file("minutes");
    for (int part = 1; part <= 3; part++) {
      Run run = ended(75, startIn(folder, "--resume", "--max-minutes=0.001"));
      assertStopped(run, "--max-minutes");
      assertEquals(part, run.column("step").size());
    }
    resumed(folder);
  }

  @Test
  @Tag("faults")
  void secondRunInTheFolderIsRefused() {
    FaultJob first = start("twice", "checkpoint.every=2", "fault.rank=0", "fault.step=6", STALL);
    first.until(() -> first.hasSteps(5));
    Path again = Path.of(first.folder().getParent() + "/./" + first.folder().getFileName());
    Run second = ended(2, startIn(again, "--resume", "checkpoint.every=2"));
    assertEquals(1, second.errors().size(), second.job().output());
    String error = second.errors().get(0);
    assertTrue(
        error.matches(
            "ringattention: output folder \\S+ is in use by another run, pid \\d+ on \\S+"),
        error);
    first.signal(0, "KILL");
    endedSoon(137, first);
    assertTrue(Files.exists(first.folder().resolve("run.lock"))); // in nobody's way
    resumed(first.folder(), "checkpoint.every=2");
  }

  @Test
  @Tag("faults")
  void otherInputsAreRefused() {
    FaultJob job = start("inputs", "checkpoint.every=2", "fault.rank=0", "fault.step=6");
    ended(1, job);
    Run refused = ended(2, startIn(job.folder(), "--resume", "train.learningRate=1e-3"));
    assertEquals(
        List.of(
            "ringattention: -D train.learningRate = 0.001: must be 3e-4 to resume, as in "
                + job.folder().resolve("used_inputs.toml")),
        refused.errors());
    resumed(job.folder());
  }

  static Stream<Integer> kills() {
    return IntStream.range(0, KILLS).boxed();
  }

  /** At any moment from the first step on, or as soon as a checkpoint is begun, or half done. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kills")
  void killedRankEndsTheJobAndNothingIsLost(int number) {
    Random random = new Random(SEED + number);
    FaultJob job = start("kill-" + number, "checkpoint.every=2");
    int step = 2 * (1 + random.nextInt(STEPS / 2));
    int rank = random.nextInt(RANKS);
    Path checkpoint = job.folder().resolve("checkpoints/step_" + step);
    switch ((int) Math.floorMod(SEED + number, 3L)) { // the first one by chance
      case 0 -> {
        job.until(() -> job.hasSteps(step - 2));
        long until = System.nanoTime() + random.nextInt(200_000_000);
        job.until(() -> System.nanoTime() > until);
      }
      case 1 -> job.until(() -> isBegun(checkpoint));
      default -> job.until(() -> Files.exists(checkpoint)); // it gets its name just before DONE
    }
    job.signal(rank, "KILL");
    Run run = job.end();
    int exitCode = run.job().exitCode();
    System.out.printf(
        "kill %d of rank %d near step %d: exit code %d after %d steps%n",
        number, rank, step, exitCode, Math.max(0, stepsOf(run)));
    assertTrue(exitCode == 137 || exitCode == 0, exitCode + "\n" + run.job().output());
    assertTrue(run.job().time().toSeconds() < ENDING, "ended after " + run.job().time());
    resumed(job.folder(), "checkpoint.every=2");
  }

  private static int stepsOf(Run run) {
    return Files.exists(run.folder().resolve("steps.csv")) ? run.lines("steps.csv").size() - 1 : 0;
  }

  private static boolean isBegun(Path checkpoint) {
    String prefix = checkpoint.getFileName() + ".tmp-";
    try (Stream<Path> all = Files.list(checkpoint.getParent())) {
      return all.anyMatch(path -> path.getFileName().toString().startsWith(prefix));
    } catch (IOException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  @Test
  @Tag("faults")
  void everyRankSaysWhereItHangs() {
    FaultJob job =
        start(
            "stall",
            "fault.rank=1",
            "fault.step=4",
            STALL,
            "timeout.minutes=0.1",
            "checkpoint.every=2");
    job.until(() -> job.hasSteps(3));
    Run run = endedSoon(1, job);
    for (int rank = 0; rank < RANKS; rank++) {
      String said = "ringattention: rank " + rank + " of 2 on \\S+: no progress for 0.1 minutes, ";
      assertEquals(
          1,
          run.errors().stream().filter(line -> line.matches(said + "step 4, .*")).count(),
          run.job().output());
    }
    assertTrue(run.job().output().contains("TrainingLoop.failOnPurpose"), run.job().output());
    resumed(job.folder(), "checkpoint.every=2");
  }

  @Test
  @Tag("faults")
  void gradientThatIsNotFiniteChangesNothing() throws IOException {
    String[] fault = {"fault.rank=1", "fault.step=4", "fault.kind=gradient"};
    String[] keys = {
      fault[0], fault[1], fault[2], "checkpoint.every=1", "checkpoint.keep=" + STEPS
    };
    Run run = ended(0, start("gradient", keys));
    assertEquals(1, run.summary().path("skipped_steps").asInt());
    assertEquals("NaN", run.column("grad_norm").get(3));
    Path checkpoints = run.folder().resolve("checkpoints");
    for (int rank = 0; rank < RANKS; rank++) {
      Path before = checkpoints.resolve("step_3/rank_" + rank + ".bin");
      Path after = checkpoints.resolve("step_4/rank_" + rank + ".bin");
      assertEquals(-1, Files.mismatch(before, after), "weights or moments have changed");
      assertTrue(Files.mismatch(after, checkpoints.resolve("step_5/rank_" + rank + ".bin")) >= 0);
    }
    FaultJob job = start("gradient-killed", keys);
    job.until(() -> job.hasSteps(6));
    job.signal(0, "KILL");
    assertEquals(137, job.end().job().exitCode());
    Run resumed =
        ended(
            0,
            startIn(
                job.folder(),
                Stream.concat(Stream.of(keys), Stream.of("--resume")).toArray(String[]::new)));
    assertSameRun(run, resumed);
    assertEquals(1, resumed.summary().path("skipped_steps").asInt());
  }

  @ParameterizedTest
  @Tag("faults")
  @ValueSource(strings = {"truncated", "flipped", "missing"})
  void damagedCheckpointIsPassedOver(String damage) throws IOException {
    Path folder = ended(0, start(damage, "checkpoint.every=10")).folder();
    Path before = folder.resolve("checkpoints/step_20");
    Path newest = folder.resolve("checkpoints/step_30/rank_1.bin");
    damage(damage, newest);
    Run run = resumed(folder, "checkpoint.every=10");
    String output = run.job().output().replaceAll("\\s+", " ");
    assertTrue(output.contains("WARNING: checkpoint passed over: " + newest + ": "), output);
    assertTrue(output.contains("resumed from " + before + ": step 20,"), output);
    damage(damage, newest);
    damage(damage, before.resolve("rank_0.bin"));
    Run refused = ended(2, startIn(folder, "--resume", "checkpoint.every=10"));
    assertEquals(1, refused.errors().size(), refused.job().output());
    String error = refused.errors().get(0);
    assertTrue(error.startsWith("ringattention: " + newest + ": "), error);
  }

  private static void damage(String how, Path path) throws IOException {
    if (how.equals("missing")) {
      Files.delete(path);
      return;
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      if (how.equals("truncated")) {
        file.setLength(file.length() - 1);
      } else {
        file.seek(file.length() / 2);
        int old = file.read();
        file.seek(file.length() / 2);
        file.write(old ^ 1);
      }
    }
  }

  /** Room for one checkpoint and a half; or none to write in. */
  @ParameterizedTest
  @Tag("faults")
  @CsvSource({"size=1100k, No space left on device", "ro, Read-only file system"})
  void checkpointThatCannotBeWrittenEndsTheRun(String options, String reason)
      throws IOException, InterruptedException {
    String key = options.split("=")[0];
    Path folder = program.file("disk-" + key);
    Path checkpoints = Files.createDirectories(folder.resolve("checkpoints"));
    boolean full = key.equals("size");
    Assumptions.assumeTrue(
        shell("mount", "-t", "tmpfs", "-o", full ? options : "size=10m", "none", "" + checkpoints),
        "only root can mount");
    try {
      ended(75, startIn(folder, "--max-minutes=0.001"));
      if (!full) {
        assertTrue(shell("mount", "-o", "remount,ro", "" + checkpoints));
      }
      Run run = ended(1, startIn(folder, "--resume", "checkpoint.every=5", "checkpoint.keep=9"));
      String verdict = run.summary().path("verdict_text").asText();
      assertTrue(verdict.startsWith("cannot write " + checkpoints), verdict);
      assertTrue(verdict.contains(reason), verdict);
      assertTrue(Files.exists(checkpoints.resolve((full ? "step_5" : "step_1") + "/DONE")));
      assertTrue(
          shell("mount", "-o", "remount,rw,size=10m", "" + checkpoints), "cannot be remounted");
      resumed(folder, "checkpoint.every=5", "checkpoint.keep=9");
    } finally {
      shell("umount", "" + checkpoints);
    }
  }

  /**
   * Room that ends at each writer in turn: used inputs, plan, curves, log, steps, checkpoint,
   * summary, plots. One line says so, and with room again the run goes on to what it would have
   * been.
   */
  @ParameterizedTest
  @Tag("faults")
  @ValueSource(ints = {4, 16, 32, 64, 1400, 2200, 2800, 3000})
  void fullDiskIsOneLineAndNothingIsLost(int kib) throws IOException {
    Path folder = Files.createDirectories(program.file("full-" + kib));
    Assumptions.assumeTrue(
        shell("mount", "-t", "tmpfs", "-o", "size=" + kib + "k", "none", "" + folder),
        "only root can mount");
    try {
      Path path = folder.resolve("run");
      String[] keys = {"checkpoint.every=10", "output.plots=true", "--quiet"};
      Run run = startIn(path, keys).end();
      List<String> said = // Open MPI may have a word on its own end, as [host:pid]
          run.job()
              .output()
              .lines()
              .filter(line -> !line.startsWith("WARNING") && !line.matches("\\[\\S+:\\d+\\] .*"))
              .toList();
      assertEquals(1, said.size(), run.job().output());
      if (run.job().exitCode() != 0) {
        assertEquals(kib > 4 ? 1 : 2, run.job().exitCode(), run.job().output());
        assertTrue(said.get(0).contains("cannot write " + folder), said.get(0));
        assertTrue(said.get(0).contains("No space left on device"), said.get(0));
        assertFalse(said.get(0).contains("/plots/") || said.get(0).contains("/tensorboard/"));
      }
      if (Files.exists(path.resolve("summary.json"))) {
        assertEquals(run.summary().path("exit_code").asInt(), run.job().exitCode());
      }
      assertTrue(shell("mount", "-o", "remount,size=20m", "" + folder), "cannot be remounted");
      if (Files.exists(path.resolve("used_inputs.toml"))) {
        resumed(path, keys);
      }
    } finally {
      shell("umount", "" + folder);
    }
  }

  private static boolean shell(String... command) {
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Plots and curves have a disk of their own, which is full at once, or soon. */
  @ParameterizedTest
  @Tag("faults")
  @ValueSource(ints = {4096, 0})
  void fullDiskOfPlotsAndCurvesIsAWarning(int left) throws IOException {
    Path folder = Files.createDirectories(program.file("full-extra-" + left));
    List<Path> disks = List.of(folder.resolve("plots"), folder.resolve("tensorboard"));
    try {
      for (Path disk : disks) {
        Files.createDirectories(disk);
        Assumptions.assumeTrue(
            shell("mount", "-t", "tmpfs", "-o", "size=4k", "none", "" + disk),
            "only root can mount");
        Files.write(disk.resolve("filler"), new byte[4096 - left]);
      }
      Run run = ended(0, startIn(folder, "output.plots=true", "--quiet"));
      assertSameRun(whole, run);
      List<String> said = // a run of more than 10 s says it of its first plots, too
          run.job()
              .output()
              .lines()
              .filter(line -> !line.startsWith("[") && !line.contains("before the end of the run"))
              .toList();
      assertEquals(3, said.size(), said.toString());
      for (int i = 0; i < 2; i++) {
        String line = said.get(i);
        assertTrue(line.startsWith("WARNING: ") && line.contains("No space left on device"), line);
        assertTrue(line.contains("cannot write " + disks.get(1 - i)), line);
      }
    } finally {
      disks.forEach(disk -> shell("umount", "" + disk));
    }
  }
}
