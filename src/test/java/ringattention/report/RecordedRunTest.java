package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.InputException;

/** What {@code status} and {@code compare} say of folders. */
class RecordedRunTest {
  private static final Instant NOW = Instant.parse("2024-05-01T12:00:00Z");
  private static final String START =
      "{\"event\":\"start\",\"command\":\"ringattention train a.toml\",\"git\":\"abc\",\"ranks\":2}";

  @TempDir Path folder;

  private static String step(long step, String loss, double time) {
    return ("{\"event\":\"step\",\"step\":%d,\"loss\":%s,\"time_s\":%s,\"tokens_per_s\":%s,"
            + "\"mfu_causal\":0.5}")
        .formatted(step, loss, time, 100 / time);
  }

  private static String end(int exitCode) {
    String word = exitCode == 0 ? "VALID" : "INVALID";
    return ("{\"event\":\"end\",\"verdict\":\"%s\",\"verdict_text\":\"so it is\","
            + "\"exit_code\":%d}")
        .formatted(word, exitCode);
  }

  private RecordedRun run(String name, int seed, long age, String... events) throws IOException {
    Path run = Files.createDirectories(folder.resolve(name));
    Files.writeString(run.resolve("used_inputs.toml"), "[train]\nsteps = 8\nseed = " + seed + "\n");
    Path file = Files.writeString(run.resolve("run.jsonl"), String.join("\n", events) + "\n");
    Files.setLastModifiedTime(file, FileTime.from(NOW.minusSeconds(age)));
    Path lock = Files.writeString(run.resolve("run.lock"), LockHolder.here().text());
    Files.setLastModifiedTime(lock, FileTime.from(NOW.minusSeconds(age + 1)));
    return RecordedRun.read(run);
  }

  private static List<String> status(RecordedRun run) {
    return new RunStatus(run, Optional.empty(), Optional.of("step_4"), NOW)
        .lines().stream().map(line -> line.replaceAll(" +", " ")).toList();
  }

  @Test
  void statusOfARunThatGoesOn() throws IOException {
    RecordedRun run =
        run("a", 1, 7, START, step(1, "5.5", 9), step(2, "5.25", 2), step(3, "5.0", 2));
    assertEquals(
        List.of(
            "run " + folder.resolve("a"),
            "command ringattention train a.toml",
            "state running, last line 7s ago",
            "step 3 of 8 (38%)",
            "loss 5.0000 now, 5.5000 at step 1",
            "speed 50.0 tok/s, 2.0 s a step",
            "MFU 50.0%",
            "left 10s",
            "checkpoint step_4"),
        status(run));
    String seen = step(4, "4.0", 2).replace("}", ",\"tokens_seen\":640,\"epoch\":1.25}");
    assertEquals(
        "seen 640 tokens, epoch 1.2500",
        status(run("b", 1, 7, START, step(3, "5", 2), seen)).get(5));
  }

  @Test
  void statusOfARunThatHasEnded() throws IOException {
    List<String> lines = status(run("a", 1, 9999, START, step(8, "5.5", 9), end(0)));
    assertTrue(lines.contains("state finished (exit code 0)"), lines.toString());
    assertTrue(lines.contains("verdict VALID: so it is"), lines.toString());
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("left")), lines.toString());
  }

  /** Before there are devices a run has begun, and says what it does. */
  @Test
  void statusOfARunThatReadsItsCorpus() throws IOException {
    String begin = START.replace("\"start\"", "\"begin\"");
    String phase = "{\"event\":\"phase\",\"phase\":\"tokenizing: 10%\"}";
    List<String> lines = status(run("a", 1, 3, begin, phase));
    assertEquals("command ringattention train a.toml", lines.get(1));
    assertEquals("state running, last line 3s ago", lines.get(2));
    assertEquals("doing tokenizing: 10%", lines.get(3));
    lines = status(run("b", 1, 3, begin, phase, START, step(1, "5.5", 9)));
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("doing")), lines.toString());
    lines = status(run("c", 1, 3, begin, phase, end(1)));
    assertFalse(lines.stream().anyMatch(line -> line.startsWith("doing")), lines.toString());
    lines = status(run("d", 1, 3, START, step(1, "5.5", 9), end(75), begin, phase));
    assertEquals("state running, last line 3s ago", lines.get(2));
    assertEquals("doing tokenizing: 10%", lines.get(3));
  }

  /** Its files do not change before the run is known to suit them; the lock is newer. */
  @Test
  void statusOfAFolderThatAProcessHasTakenUp() throws IOException {
    run("a", 1, 5, START, step(1, "5.5", 9), end(75));
    Path lock = folder.resolve("a/run.lock");
    Files.setLastModifiedTime(lock, FileTime.from(NOW));
    String state = status(RecordedRun.read(folder.resolve("a"))).get(2);
    assertTrue(state.startsWith("state going on again, reading what it needs: pid "), state);
    Files.writeString(lock, "pid " + NOBODY + " on " + LockHolder.here().host());
    state = status(RecordedRun.read(folder.resolve("a"))).get(2);
    assertEquals("state stopped, to be resumed (exit code 75)", state);
  }

  @ParameterizedTest
  @CsvSource({
    "0, finished (exit code 0)",
    "3, 'finished, but a check failed (exit code 3)'",
    "4, failed: it diverged (exit code 4)",
    "75, 'stopped, to be resumed (exit code 75)'",
    "1, failed (exit code 1)",
  })
  void stateOfAnEnd(int exitCode, String state) throws IOException {
    assertEquals("state " + state, status(run("a", 1, 5, START, end(exitCode))).get(2));
  }

  /** Ten of its steps or two minutes without a line; ten minutes before the first. */
  @ParameterizedTest
  @CsvSource({"1, 100, running", "1, 130, stale", "60, 590, running", "60, 610, stale"})
  void silenceIsStaleAfterSomeTime(double time, long age, String state) throws IOException {
    String line = status(run("a", 1, age, START, step(1, "5.5", time))).get(2);
    assertTrue(line.startsWith("state " + state), line);
    assertTrue(status(run("b", 1, 590, START)).get(2).startsWith("state running"));
    assertTrue(status(run("b", 1, 610, START)).get(2).startsWith("state stale"));
  }

  private RecordedRun heldBy(String lock, long age, String command) throws IOException {
    run("a", 1, age, START.replace("ringattention train a.toml", command), step(1, "5.5", 2));
    Files.writeString(folder.resolve("a/run.lock"), lock + "\n");
    return RecordedRun.read(folder.resolve("a"));
  }

  private static final long NOBODY = 1L << 30; // more than Linux counts processes

  /** Right after its last line, and long after. */
  @ParameterizedTest
  @ValueSource(longs = {1, 100_000})
  void aRunWhoseProcessIsGoneIsNotRunning(long age) throws IOException {
    LockHolder here = LockHolder.here();
    String reused = here + ", start " + (here.start().getAsLong() - 1);
    for (String lock : List.of("pid " + NOBODY + " on " + here.host(), reused)) {
      List<String> lines = status(heldBy(lock, age, "ringattention train a.toml -o a"));
      assertTrue(lines.get(2).startsWith("state died, last line "), lines.toString());
      assertTrue(lines.get(2).endsWith(" on " + here.host() + " is gone"), lines.toString());
      assertEquals("to go on ringattention train a.toml -o a --resume", lines.get(3));
      assertFalse(lines.stream().anyMatch(line -> line.startsWith("left")), lines.toString());
    }
  }

  @Test
  void onlyTrainingGoesOnAndInItsFolder() throws IOException {
    String gone = "pid " + NOBODY + " on " + LockHolder.here().host();
    assertEquals(
        "to go on ringattention train a.toml -o " + folder.resolve("a") + " --resume",
        status(heldBy(gone, 1, "ringattention train a.toml")).get(3));
    assertTrue(status(heldBy(gone, 1, "ringattention bench mfu")).get(3).startsWith("step "));
  }

  @Test
  void aProcessThatIsThereMayWait() throws IOException {
    LockHolder here = LockHolder.here();
    for (String lock : List.of(here.text(), here.toString())) { // older locks say no start
      String running = status(heldBy(lock, 1, "ringattention train a.toml")).get(2);
      assertEquals("state running, last line 1s ago", running);
      String waiting = status(heldBy(lock, 100_000, "ringattention train a.toml")).get(2);
      assertTrue(waiting.startsWith("state stale, last line "), waiting);
      assertTrue(waiting.endsWith(here + " is there, and waits for something"), waiting);
    }
  }

  @Test
  void aProcessOfAnotherHostCannotBeSeen() throws IOException {
    String lock = "pid 7 on another.host, start 12";
    String running = status(heldBy(lock, 60, "ringattention train a.toml")).get(2);
    assertEquals(
        "state running, last line 1m00s ago, by pid 7 on another.host, which cannot be seen from"
            + " here",
        running);
    String stale = status(heldBy(lock, 100_000, "ringattention train a.toml")).get(2);
    assertTrue(stale.startsWith("state stale, last line "), stale);
    assertTrue(stale.endsWith("which cannot be seen from here"), stale);
  }

  /** An error leaves neither a verdict nor a lock. */
  @Test
  void aRunThatNobodyHasAndThatHasNoEndHasFailed() throws IOException {
    run("a", 1, 1, START, step(1, "5.5", 2));
    Files.delete(folder.resolve("a/run.lock"));
    List<String> lines = status(RecordedRun.read(folder.resolve("a")));
    assertEquals(
        "state failed without a verdict, last line 1s ago: no process has the folder",
        lines.get(2));
    assertTrue(lines.get(3).startsWith("to go on ringattention train "), lines.toString());
  }

  /** Killed in the middle of a line, resumed from before it, and on its way again. */
  @Test
  void aResumedRunIsOneRun() throws IOException {
    RecordedRun run =
        run(
            "a",
            1,
            7,
            START,
            step(1, "5.5", 2),
            step(2, "1.0", 2),
            "{\"event\":\"st" + START,
            end(75),
            START,
            step(2, "5.25", 2));
    List<String> lines = status(run);
    assertTrue(lines.get(2).startsWith("state running"), lines.toString());
    assertTrue(lines.contains("loss 5.2500 now, 5.5000 at step 1"), lines.toString());
  }

  private static List<String> compared(RecordedRun first, RecordedRun second) {
    return new RunComparison(first, second)
        .lines().stream().map(line -> line.replaceAll(" +", " ")).toList();
  }

  @Test
  void equalRuns() throws IOException {
    RecordedRun first = run("a", 1, 0, START, step(1, "5.5", 2), step(2, "null", 2));
    RecordedRun second = run("b", 1, 0, START, step(1, "5.5", 3), step(2, "null", 3));
    assertTrue(new RunComparison(first, second).equal());
    List<String> lines = compared(first, second);
    assertTrue(lines.contains("inputs: the same"), lines.toString());
    assertTrue(lines.contains("program and machine: the same"), lines.toString());
    assertEquals("EQUAL: every loss, to the bit", lines.get(lines.size() - 1));
  }

  @Test
  void differingRuns() throws IOException {
    RecordedRun first =
        run("a", 1, 0, START, step(1, "5.5", 2), step(2, "5.25", 2), step(3, "5.0", 2));
    RecordedRun second =
        run(
            "b",
            2,
            0,
            START.replace("abc", "def"),
            step(1, "5.5", 2),
            step(2, "5.250000000000001", 2),
            step(3, "5.5", 2));
    assertFalse(new RunComparison(first, second).equal());
    List<String> lines = compared(first, second);
    for (String line :
        List.of(
            " train.seed 1 -> 2",
            " git abc -> def",
            "steps 3 in both, 0 in one only",
            "losses 2 of 3 differ",
            "first differing step 2: 5.25 and 5.250000000000001",
            "largest difference 5.000e-01 at step 3",
            "final losses 5.0 at step 3 and 5.5 at step 3")) {
      assertTrue(lines.contains(line), line + " is not in " + lines);
    }
  }

  /** Stopped after step 2 on two ranks, and gone on with on one, the second time for good. */
  @Test
  void startsOfAResumedRunAreCompared() throws IOException {
    RecordedRun first = run("a", 1, 0, START, step(1, "5.5", 2), step(3, "5.0", 2));
    RecordedRun second =
        run(
            "b",
            1,
            0,
            START,
            step(1, "5.5", 2),
            resumed(3).replace("abc", "never true"),
            resumed(2),
            step(3, "5.0", 2));
    List<String> lines = compared(first, second);
    assertTrue(lines.contains(" starts at step 1 -> 1 and 3"), lines.toString());
    assertTrue(lines.contains(" ranks 2 -> 2, 1 from step 3"), lines.toString());
    assertFalse(lines.toString().contains("git"), lines.toString());
    assertFalse(lines.toString().contains("resumed_step"), lines.toString());
    assertEquals("EQUAL: every loss, to the bit", lines.get(lines.size() - 1));
  }

  private static String resumed(long step) {
    return START.replace("\"ranks\":2", "\"ranks\":1,\"resumed_step\":" + step);
  }

  @Test
  void aRunWithMoreStepsIsNotEqual() throws IOException {
    RecordedRun first = run("a", 1, 0, START, step(1, "5.5", 2));
    RecordedRun second = run("b", 1, 0, START, step(1, "5.5", 2), step(2, "5.25", 2));
    assertFalse(new RunComparison(first, second).equal());
    assertFalse(new RunComparison(second, first).equal());
  }

  @Test
  void foldersThatAreNoneOfARunAreRefused() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertEquals(empty + ": is not the folder of a run: holds no run.jsonl", message(empty));
    assertEquals(folder.resolve("x") + ": no such folder", message(folder.resolve("x")));
    Files.writeString(empty.resolve("run.jsonl"), "");
    assertEquals(empty + ": used_inputs.toml or run.jsonl cannot be read", message(empty));
    Files.writeString(empty.resolve("used_inputs.toml"), "[train");
    assertEquals(empty + ": used_inputs.toml: not valid TOML", message(empty));
    RecordedRun noSteps = run("a", 1, 0, START);
    InputException error =
        assertThrows(InputException.class, () -> new RunComparison(noSteps, noSteps));
    assertEquals(folder.resolve("a") + ": has no training step to compare", error.getMessage());
  }

  private static String message(Path folder) {
    return assertThrows(InputException.class, () -> RecordedRun.read(folder)).getMessage();
  }
}
