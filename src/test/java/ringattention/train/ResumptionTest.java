package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.checkpoint.CurriculumPosition;
import ringattention.checkpoint.TrainingPosition;
import ringattention.comm.LocalCommunicator;
import ringattention.input.InputException;
import ringattention.run.SharedParts;
import ringattention.run.Version;

/** What a run goes on from, what is said of it, and what is refused, before anything is trained. */
class ResumptionTest {
  private static final Map<String, Map<String, String>> CONTENTS =
      Map.of("corpus", Map.of("digest", "c1"), "tokenizer", Map.of("digest", "t1"));
  private static final Map<String, String> CHOICES = Map.of("head groups", "2");

  @TempDir Path run;
  private Given given;

  @BeforeEach
  void saveTwo() {
    given = Given.of("data.path=text");
    save(CONTENTS, 2, 3, 5);
  }

  private void save(Map<String, Map<String, String>> contents, int ranks, long... steps) {
    SavedRun.save(run, given, contents, CHOICES, ranks, steps);
  }

  private Path checkpoint(long step) {
    return run.resolve("checkpoints/step_" + step);
  }

  private Given named(String... keys) {
    String[] all = Arrays.copyOf(keys, keys.length + 2);
    all[keys.length] = "data.path=text";
    all[keys.length + 1] = "checkpoint.resume=" + run;
    return Given.of(all);
  }

  private Given own(String... keys) {
    String[] all = Arrays.copyOf(keys, keys.length + 1);
    all[keys.length] =
        "data.path=" + (String.join("", keys).contains("data.path") ? "other" : "text");
    return Given.of(all).with("--resume", "-o", run.toString());
  }

  private static Resumption resume(
      Given now, Map<String, Map<String, String>> contents, int ranks) {
    List<Resumption> all =
        LocalCommunicator.run(
            ranks,
            world -> Resumption.of(now.job(world), now.configuration(), new SharedParts(contents)));
    assertEquals(all.get(0).lines(), all.get(ranks - 1).lines());
    return all.get(0);
  }

  private static Resumption resume(Given now) {
    return resume(now, CONTENTS, 2);
  }

  private static String refused(Given now, Map<String, Map<String, String>> contents) {
    Exception thrown = assertThrows(Exception.class, () -> resume(now, contents, 1));
    Throwable cause = thrown instanceof InputException ? thrown : thrown.getCause();
    assertTrue(cause instanceof InputException, thrown.toString());
    return cause.getMessage();
  }

  private static String refused(Given now) {
    return refused(now, CONTENTS);
  }

  private String resumed(long step, String ranks) {
    Version version = Version.read();
    String program = version + " (git " + version.git() + ")";
    return "resumed from "
        + checkpoint(step)
        + ": step "
        + step
        + ", written by "
        + program
        + " on "
        + ranks;
  }

  @Test
  void whoeverAsksForNothingStartsAfresh() {
    Resumption afresh = resume(Given.of("data.path=text"));
    assertEquals(TrainingPosition.START, afresh.position());
    assertEquals(List.of(), afresh.lines());
    assertEquals(0, afresh.headGroups());
    assertEquals(List.of(), afresh.changed(Map.of("head groups", "1")));
    assertEquals(false, afresh.start(null, null, null));
  }

  /** The same run on as many ranks has nothing to be told. */
  @Test
  void theNewestIsTaken() {
    Resumption same = resume(named());
    assertEquals(new TrainingPosition(5, 320, 10, 4, 1, CurriculumPosition.START), same.position());
    assertEquals(List.of(resumed(5, "2 ranks")), same.lines());
    assertEquals(2, same.headGroups());
    assertEquals(List.of(), same.changed(CHOICES));
    assertTrue(same.changed(Map.of("head groups", "1")).get(0).contains("head groups 2 -> 1"));
    assertEquals(List.of(resumed(5, "2 ranks")), resume(own()).lines());
  }

  @Test
  void whatChangedIsSaid() {
    Resumption other =
        resume(
            named("train.steps=12", "checkpoint.accept=[\"corpus\"]"),
            Map.of("corpus", Map.of("digest", "c2"), "tokenizer", Map.of("digest", "t1")),
            1);
    assertEquals(
        List.of(
            resumed(5, "2 ranks"),
            "changed since: train.steps 10 -> 12, corpus (digest c2, not c1), ranks 2 -> 1"),
        other.lines());
    assertEquals(0, other.headGroups(), "sums differ anyway");
    save(CONTENTS, 1, 7);
    assertEquals(resumed(7, "1 rank"), resume(named()).lines().get(0));
  }

  /** An older program did not say what it learned from; then places are all there is. */
  @Test
  void olderCheckpointsAreSaidToBeNone() throws IOException {
    save(Map.of(), 2, 7);
    String warning = "WARNING: the checkpoint is of an older format: ";
    assertTrue(resume(named()).lines().get(1).startsWith(warning));
    Files.writeString(run.resolve("used_inputs.toml"), given.configuration().source().toml());
    assertTrue(resume(own()).lines().get(1).startsWith(warning));
    assertEquals(
        "-D data.path = \"other\": must be \"text\" to resume, as in "
            + run.resolve("used_inputs.toml"),
        refused(own("data.path=other")));
    resume(own("data.path=other", "checkpoint.accept=[\"corpus\"]"));
  }

  @ParameterizedTest
  @CsvSource({"corpus, c2, t1, data.path", "tokenizer, c1, t2, data.tokenizer"})
  void otherContentsAreRefusedUnlessAccepted(
      String part, String corpus, String tokenizer, String key) {
    Map<String, Map<String, String>> now =
        Map.of("corpus", Map.of("digest", corpus), "tokenizer", Map.of("digest", tokenizer));
    String message = refused(named(), now);
    assertTrue(message.contains(key + " = "), message);
    assertTrue(message.contains(part + " (digest "), message);
    String advice =
        " not as in checkpoint %s; checkpoint.accept = [\"%s\"] goes on with what there is now";
    assertTrue(message.endsWith(advice.formatted(checkpoint(5), part)), message);
    resume(named("checkpoint.accept=[\"" + part + "\"]"), now, 1);
    String other = part.equals("corpus") ? "tokenizer" : "corpus";
    refused(named("checkpoint.accept=[\"" + other + "\"]"), now);
  }

  /** Both are named, the corpus first; a part that is not there now cannot be another. */
  @Test
  void allThatIsRefusedIsNamedAtOnce() {
    Map<String, Map<String, String>> both =
        Map.of("corpus", Map.of("digest", "c2"), "tokenizer", Map.of("digest", "t2"));
    String message = refused(named(), both);
    assertTrue(message.contains("data.path = "), message);
    assertTrue(message.contains("\"corpus\"") && message.contains("\"tokenizer\""), message);
    resume(named(), Map.of("corpus", Map.of("digest", "c1")), 1);
  }

  @Test
  void theModelMustHaveItsShape() {
    assertEquals(
        "-D model.hidden = 32: must be 16, as in checkpoint " + checkpoint(5),
        refused(named("model.hidden=32")));
    assertTrue(refused(named("model.layers=2")).contains("model.layers = 2: must be 1, as in"));
  }

  /** A run that begins needs a step; one that goes on in its folder may be done already. */
  @Test
  void stepsReachTheCheckpoint() {
    String where = ", the step in checkpoint " + checkpoint(5);
    assertEquals("-D train.steps = 5: must be above 5" + where, refused(named("train.steps=5")));
    resume(named("train.steps=6"));
    assertEquals("-D train.steps = 4: must be at least 5" + where, refused(own("train.steps=4")));
    assertEquals(5, resume(own("train.steps=5")).position().step());
  }

  @Test
  void aTracedStepIsYetToCome() {
    assertEquals(
        "command line: --trace=5: must be above 5, the step in checkpoint " + checkpoint(5),
        refused(named().with("--trace=5")));
    resume(named().with("--trace=6"));
    resume(named().with("--trace"));
  }

  @Test
  void inputsOfTheFolderAreThoseOfTheRun() throws IOException {
    Path file =
        Files.writeString(run.resolve("used_inputs.toml"), given.configuration().source().toml());
    assertEquals(
        "-D train.learningRate = 0.1: must be 3e-4 to resume, as in " + file,
        refused(own("train.learningRate=0.1")));
    resume(own("train.steps=20", "train.warmupSteps=1")); // free
    resume(own("checkpoint.every=3")); // aside
    resume(own("data.path=other")); // its contents were compared
    Files.writeString(file, "[[");
    assertTrue(refused(own()).contains("used_inputs.toml"));
  }

  /** A folder without checkpoints: its run begins, unless it was done; places must be the same. */
  @Test
  void aFolderWithoutACheckpointBegins() throws IOException {
    for (long step : new long[] {3, 5}) {
      Files.delete(checkpoint(step).resolve("DONE"));
    }
    Files.writeString(run.resolve("used_inputs.toml"), given.configuration().source().toml());
    Resumption begins = resume(own());
    assertEquals(0, begins.position().step());
    assertEquals(
        List.of("no complete checkpoint in " + run + " yet: the run starts from its beginning"),
        begins.lines());
    assertTrue(refused(own("data.path=other")).contains("data.path = \"other\": must be \"text\""));
    Files.writeString(run.resolve("summary.json"), "{\"exit_code\": 0}");
    assertEquals(
        "--resume: " + run + " holds a run that is done, and no checkpoint", refused(own()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDamagedOneIsPassedOverIfAsked(boolean fallback) throws IOException {
    Path damaged = checkpoint(5).resolve("rank_1.bin");
    try (RandomAccessFile bytes = new RandomAccessFile(damaged.toFile(), "rw")) {
      bytes.seek(20);
      bytes.write('!');
    }
    Given now = named("checkpoint.fallback=" + fallback);
    if (fallback) {
      List<String> lines = resume(now).lines();
      String why = "WARNING: checkpoint passed over: " + damaged + ": corrupted";
      assertTrue(lines.get(0).startsWith(why), lines.get(0));
      assertEquals(resumed(3, "2 ranks"), lines.get(1));
    } else {
      String message = refused(now);
      String key = "-D checkpoint.resume = \"" + run + "\": " + damaged + ": corrupted";
      assertTrue(message.startsWith(key), message);
    }
    assertEquals(3, resume(own()).position().step(), "a job that is queued again goes on");
  }
}
