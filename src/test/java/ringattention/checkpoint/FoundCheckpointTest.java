package ringattention.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.checkpoint.TrainedParameters.SMALL;
import static ringattention.checkpoint.TrainedParameters.save;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.LocalCommunicator;
import ringattention.command.Sections;
import ringattention.input.InputException;

/** What a run that goes on finds in its own folder, and what a checkpoint says of its run. */
class FoundCheckpointTest {
  @TempDir private Path run;

  private String newestOf(int ranks) {
    List<String> found =
        LocalCommunicator.run(
            ranks,
            world -> {
              try {
                return new CheckpointSearch(world, true)
                    .newestOf(run)
                    .map(one -> one.checkpoint().position().step() + " " + one.passedOver().size())
                    .orElse("none");
              } catch (InputException e) {
                return e.getMessage();
              }
            });
    found.forEach(each -> assertEquals(found.get(0), each));
    return found.get(0);
  }

  private Path step(long step) {
    return run.resolve("checkpoints/step_" + step);
  }

  private Checkpoint open() {
    return new CheckpointSearch(LocalCommunicator.single(), false).find(run).checkpoint();
  }

  /** A run without a checkpoint begins; one with damaged ones only must not silently begin. */
  @Test
  void aRunMayHaveNone() throws IOException {
    assertEquals("none", newestOf(2));
    assertEquals(Optional.empty(), CheckpointSearch.newestComplete(run));
    save(SMALL, run, 2, 3, 5, 10);
    assertEquals("10 0", newestOf(2));
    assertEquals(Optional.of(step(10)), CheckpointSearch.newestComplete(run));
    Files.delete(step(10).resolve("rank_1.bin"));
    assertEquals("5 1", newestOf(2));
    Files.delete(step(5).resolve("rank_1.bin"));
    assertEquals(step(10).resolve("rank_1.bin") + ": missing", newestOf(2));
    Files.delete(step(5).resolve("DONE"));
    Files.delete(step(10).resolve("DONE"));
    assertEquals("none", newestOf(1));
    assertEquals(Optional.empty(), CheckpointSearch.newestComplete(run));
  }

  /** Those behind the step a run goes on from are of another future: they count no more. */
  @Test
  void newerOnesAreAbandoned() throws IOException {
    CheckpointSearch.abandonAfter(3, run); // there is no folder yet
    save(SMALL, run, 1, 9, 5, 10, 15);
    CheckpointSearch.abandonAfter(10, run);
    assertEquals("10 0", newestOf(1));
    assertTrue(Files.isDirectory(step(15)));
    assertTrue(Files.exists(step(5).resolve("DONE")));
    Files.createDirectories(step(20).resolve("DONE/in"));
    CheckpointException error =
        assertThrows(CheckpointException.class, () -> CheckpointSearch.abandonAfter(10, run));
    assertTrue(error.getMessage().startsWith("cannot write " + run.resolve("checkpoints")));
  }

  @Test
  void itSaysWhatItsRunWas() throws IOException {
    save(SMALL, run, 2, 1, 5);
    try (Checkpoint checkpoint = open()) {
      assertEquals(step(5), checkpoint.folder());
      assertEquals(2, checkpoint.ranks());
      assertEquals("ringattention 0 (git abc)", checkpoint.program());
      assertEquals(TrainedParameters.CONTENTS, checkpoint.contents());
      assertEquals(TrainedParameters.CHOICES, checkpoint.choices());
      assertEquals(TrainedParameters.position(5), checkpoint.position());
      assertTrue(checkpoint.checksum().matches("[0-9a-f]{8}"), checkpoint.checksum());
      assertEquals(Map.of("hidden", 32), checkpoint.inputs().section("model"));
      Files.delete(step(5).resolve("used_inputs.toml"));
      assertEquals(
          step(5).resolve("used_inputs.toml") + ": cannot be read",
          assertThrows(InputException.class, checkpoint::inputs).getMessage());
    }
  }

  /** Rewrites the manifest, its checksum as the program would have written it. */
  private void rewrite(String pattern, String replacement) throws IOException {
    Path file = step(5).resolve("checkpoint.json");
    String text =
        Files.readString(file)
            .replaceAll(pattern, replacement)
            .replaceAll("\"checksum\" : \"\\w+\"", "\"checksum\" : \"00000000\"");
    CRC32C checksum = new CRC32C();
    checksum.update(text.getBytes(StandardCharsets.UTF_8));
    String digits = String.format("%08x", checksum.getValue());
    Files.writeString(file, text.replace("\"00000000\"", "\"" + digits + "\""));
  }

  /** Checkpoints of before there were curricula are at the start of one. */
  @Test
  void withoutACurriculumItIsAtItsStart() throws IOException {
    save(SMALL, run, 1, 1, 5);
    try (Checkpoint saved = open()) {
      assertEquals(new CurriculumPosition(5, 5 / 3.0, 7), saved.position().curriculum());
    }
    rewrite("(?s),\\s*\"curriculum\" : \\{.*?\\}", "");
    try (Checkpoint old = open()) {
      assertEquals(
          new TrainingPosition(5, 500, 10, 4, 1, CurriculumPosition.START), old.position());
    }
  }

  /** Older programs wrote neither how many updates there were nor what a run learned from. */
  @Test
  void formatOneCountsStepsAsUpdates() throws IOException {
    save(SMALL, run, 1, 1, 5);
    rewrite("\"format\" : 3", "\"format\" : 1");
    rewrite("(?s),\\s*\"curriculum\" : \\{.*?\\}", "");
    rewrite("(?s),\\s*\"updates\" : \\d+,\\s*\"skipped\" : \\d+", "");
    rewrite("(?s)\"contents\" : \\{.*?\\},\\s*\"choices\" : \\{.*?\\},\\s*", "");
    try (Checkpoint old = open()) {
      assertEquals(
          new TrainingPosition(5, 500, 10, 5, 0, CurriculumPosition.START), old.position());
      assertEquals(Map.of(), old.contents());
      assertEquals(Map.of(), old.choices());
    }
    rewrite("\"format\" : 1", "\"format\" : 3");
    assertRefused("is not a checkpoint of this program");
  }

  private void assertRefused(String why) {
    InputException error = assertThrows(InputException.class, this::open);
    assertEquals(step(5).resolve("checkpoint.json") + ": " + why, error.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "0, is of format 0; this program reads up to 3",
    "4, is of format 4; this program reads up to 3"
  })
  void otherFormatsAreRefused(int format, String why) throws IOException {
    save(SMALL, run, 1, 1, 5);
    rewrite("\"format\" : 3", "\"format\" : " + format);
    assertRefused(why.replace(';', ','));
  }

  /** What the docs promise of section [checkpoint]. */
  @ParameterizedTest
  @CsvSource({
    "checkpoint.every=0, 0, false, false",
    "checkpoint.every=5, 5, true, true",
    "checkpoint.atEnd=true, 0, true, true"
  })
  void theLastStepIsSavedWhereOthersAre(String key, int every, boolean atEnd, boolean writes) {
    CheckpointConfig config = Sections.INPUTS.defaults(List.of(key)).get(CheckpointConfig.SECTION);
    assertEquals(
        new CheckpointConfig(every, 2, atEnd, Optional.empty(), Optional.empty(), false, List.of()),
        config);
    assertEquals(writes, config.writes());
  }

  @Test
  void whatToResumeIsRead() {
    List<String> keys =
        List.of(
            "checkpoint.every=2",
            "checkpoint.atEnd=false",
            "checkpoint.resume=x",
            "checkpoint.weights=y",
            "checkpoint.fallback=true",
            "checkpoint.accept=[\"weights\", \"corpus\"]");
    CheckpointConfig config = Sections.INPUTS.defaults(keys).get(CheckpointConfig.SECTION);
    assertEquals(
        new CheckpointConfig(
            2,
            2,
            false,
            Optional.of(Path.of("x")),
            Optional.of(Path.of("y")),
            true,
            List.of(ContentPart.WEIGHTS, ContentPart.CORPUS)),
        config);
    assertTrue(config.writes());
    InputException zero =
        assertThrows(
            InputException.class,
            () -> Sections.INPUTS.defaults(List.of("checkpoint.resume=\"a\\u0000\"")));
    assertTrue(zero.getMessage().endsWith("must not contain a zero byte"), zero.getMessage());
    assertEquals("model.checkpoint", ContentPart.WEIGHTS.key());
  }

  /** Ranks that see other folders under one name see other manifests. */
  @Test
  void manifestsOfOtherRunsHaveOtherNames() {
    save(SMALL, run, 1, 2, 5);
    String first;
    try (Checkpoint checkpoint = open()) {
      first = checkpoint.checksum();
    }
    save(SMALL, run, 2, 2, 10);
    try (Checkpoint checkpoint = open()) {
      assertTrue(!first.equals(checkpoint.checksum()));
    }
  }
}
