package ringattention.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.checkpoint.TrainedParameters.onRanks;
import static ringattention.checkpoint.TrainedParameters.save;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.parallel.ParameterGroup;

class CheckpointSearchTest {
  @TempDir private Path run;
  private Path newest;

  private List<ParameterGroup> groups = TrainedParameters.SMALL;

  @BeforeEach
  void saveTwo() {
    save(groups, run, 2, 2, 5, 10);
    newest = run.resolve("checkpoints/step_10");
  }

  /** What each of 2 ranks finds: fewer than there are files. */
  private String find(Path path, boolean fallback) {
    List<String> found = onRanks(groups, 2, rank -> rank.find(path, fallback));
    found.forEach(each -> assertEquals(found.get(0), each));
    return found.get(0);
  }

  private void refused(String file, String why) {
    String problem = find(newest, false);
    assertTrue(problem.startsWith(newest.resolve(file) + ": " + why), problem);
    assertEquals(problem, find(run, false).replace("step 5", ""));
    assertEquals(problem + "step 5", find(newest, true));
    assertEquals(problem + "step 5", find(run, true));
  }

  @ParameterizedTest
  @CsvSource({
    "., step 10",
    "checkpoints, step 10",
    "checkpoints/step_10, step 10",
    "checkpoints/step_5, step 5",
  })
  void takesTheNewestOfAFolder(String path, String expected) {
    assertEquals(expected, find(run.resolve(path), false));
  }

  @Test
  void namesAFolderWithoutAny() throws IOException {
    Path empty = Files.createDirectory(run.resolve("empty"));
    assertEquals(empty + ": holds no checkpoint", find(empty, true));
    Path absent = run.resolve("absent");
    assertEquals(absent + ": no such folder, or it cannot be read", find(absent, true));
    Path step = run.resolve("checkpoints/step_7");
    assertEquals(step + ": no such folder", find(step, false));
  }

  /** In the header of a rank, in its numbers, and in the small files. */
  @ParameterizedTest
  @CsvSource({
    "rank_0.bin, 100",
    "rank_1.bin, 4100",
    "used_inputs.toml, 20",
    "checkpoint.json, 40",
    "checkpoint.json, 400",
  })
  void aChangedByteIsRefused(String file, long at) throws IOException {
    change(file, at);
    refused(file, "corrupted: ");
  }

  /** After more numbers than are read at once. */
  @Test
  void aChangedByteIsRefusedHoweverLateItIs() throws IOException {
    groups = TrainedParameters.GROUPS;
    run = Files.createDirectory(run.resolve("large"));
    saveTwo();
    change("rank_1.bin", 13_000_000);
    refused("rank_1.bin", "corrupted: ");
  }

  private void change(String file, long at) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(newest.resolve(file).toFile(), "rw")) {
      bytes.seek(at);
      int old = bytes.read();
      bytes.seek(at);
      bytes.write(old ^ 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rank_0.bin", "rank_1.bin", "used_inputs.toml"})
  void aTruncatedFileIsRefused(String file) throws IOException {
    try (FileChannel bytes = FileChannel.open(newest.resolve(file), StandardOpenOption.WRITE)) {
      bytes.truncate(bytes.size() - 1);
    }
    refused(file, "truncated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rank_0.bin", "rank_1.bin", "used_inputs.toml", "checkpoint.json"})
  void aMissingFileIsRefused(String file) throws IOException {
    Files.delete(newest.resolve(file));
    refused(file, "missing");
  }

  @Test
  void withoutDoneItIsNotComplete() throws IOException {
    Files.delete(newest.resolve("DONE"));
    String problem = newest.resolve("DONE") + ": missing, the checkpoint is not complete";
    assertEquals(problem, find(newest, false));
    assertEquals(problem + "step 5", find(newest, true));
    assertEquals("step 5", find(run, false)); // the newest complete one
    Files.delete(run.resolve("checkpoints/step_5/DONE"));
    assertEquals(problem, find(run, false));
  }

  @Test
  void anotherFormatIsRefused() throws IOException {
    Manifest known = Manifest.read(newest);
    new Manifest(
            4,
            known.position(),
            known.seed(),
            known.randomState(),
            known.program(),
            known.git(),
            known.ranks(),
            known.model(),
            known.contents(),
            known.choices(),
            known.files(),
            Manifest.NO_CHECKSUM)
        .write(newest);
    refused("checkpoint.json", "is of format 4, this program reads up to 3");
  }
}
