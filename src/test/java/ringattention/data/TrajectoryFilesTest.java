package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
import ringattention.file.NpyArray;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Episodes that cannot be used: each is an error that names its file, or is counted. */
class TrajectoryFilesTest {
  private static final String NAME = "episode_000003_2.npz";

  @TempDir Path folder;

  @BeforeEach
  void aGoodEpisode() throws IOException {
    Episodes.write(folder, 7, 0, 1, 2);
  }

  private Configuration configuration(String... more) {
    String[] keys = Arrays.copyOf(more, more.length + 2);
    keys[more.length] = "data.format=trajectories";
    keys[more.length + 1] = "train.sequence=8";
    return Episodes.configuration(folder, keys);
  }

  private void refused(Path file, String message) {
    String told =
        assertThrows(InputException.class, () -> Episodes.samples(configuration())).getMessage();
    assertTrue(told.startsWith(file + ": ") && told.contains(message), told);
    assertEquals(1, told.lines().count(), told);
    Samples samples = Episodes.samples(configuration("data.skipBad=true"));
    assertEquals(1, samples.documents());
    assertEquals(1, samples.counts().skippedRecords());
    assertEquals(2, samples.counts().records());
    List<String> lines = samples.counts().skippedLines();
    assertEquals("skipped 1 of 2 records (data.skipBad), by reason:", lines.get(0));
    assertTrue(lines.get(1).endsWith("(" + file + ")"), lines.get(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "action | 2 2 | action has shape [2, 2], must have as many rows as observation, 3",
        "action | 4 2 | action has shape [4, 2], must have as many rows as observation, 3",
        "action | 6 | action has shape [6], must have two lengths",
        "action | 3 0 | action has shape [3, 0], must have two lengths",
        "action | 3 3 | has 2 numbers of a state and 3 of an action, not 2 and 2 as",
        "observation | 2 2 | must have as many rows as observation, 2",
        "observation | 3 2 1 | observation has shape [3, 2, 1], must have two lengths",
        "observation | 3 3 | has 3 numbers of a state and 2 of an action, not 2 and 2 as",
        "reward | 2 | reward has shape [2], must have as many rows as observation, 3",
        "reward | 3 2 | reward has shape [3, 2], must have one number a row",
        "discount | 2 1 | discount has shape [2, 1], must have as many rows",
        "physics | 2 4 | physics has shape [2, 4], must have as many rows"
      })
  void shapesThatDoNotFit(String key, String shape, String message) throws IOException {
    int[] lengths = Arrays.stream(shape.split(" ")).mapToInt(Integer::parseInt).toArray();
    int size = Arrays.stream(lengths).reduce(1, (a, b) -> a * b);
    Map<String, NpyArray> arrays = Episodes.arrays(0, 1, 2);
    arrays.put(key, NpyArray.of(new float[size], lengths));
    // behind the good one: the first of both is what others are compared with
    refused(Episodes.write(folder, "episode_000008_2.npz", arrays), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "observation | 5 | NaN | observation has NaN in row 2",
        "action | 2 | Infinity | action has Infinity in row 1",
        "reward | 1 | NaN | reward has NaN in row 1",
        "action | 1 | 0.5 | action of row 0 is 0.5, must be 0: row 0 is the reset",
        "reward | 0 | 1 | reward of row 0 is 1.0, must be 0"
      })
  void numbersThatCannotBe(String key, int place, float value, String message) throws IOException {
    Map<String, NpyArray> arrays = Episodes.arrays(0, 1, 2);
    float[] numbers = arrays.get(key).floats();
    numbers[place] = value;
    arrays.put(key, NpyArray.of(numbers, arrays.get(key).shape()));
    refused(Episodes.write(folder, NAME, arrays), message);
  }

  @ParameterizedTest
  @CsvSource({"observation", "action", "reward"})
  void aKeyThatIsMissing(String key) throws IOException {
    Map<String, NpyArray> arrays = Episodes.arrays(0, 1, 2);
    arrays.remove(key);
    refused(Episodes.write(folder, NAME, arrays), "has no array \"" + key + "\", but [");
  }

  @ParameterizedTest
  @CsvSource({
    "episode_000003_3.npz, its name says 3",
    "episode_3.npz, its name must have the form",
    "other_000003_2.npz, its name must have the form"
  })
  void aNameThatDoesNotFit(String name, String message) throws IOException {
    refused(Episodes.write(folder, name, Episodes.arrays(0, 1, 2)), message);
  }

  @Test
  void objectsOfPythonAndDamagedFiles() throws IOException {
    Path file = folder.resolve(NAME);
    Files.copy(Path.of("src/test/resources/npz/object.npz"), file);
    refused(file, "bad.npy holds objects of Python");
    Files.write(file, new byte[] {'P', 'K', 3, 4});
    refused(file, "cannot be read as .npz");
  }

  @Test
  void numpysOwnFileIsAnEpisode() throws IOException {
    Path own = folder.resolve("own");
    Files.createDirectories(own);
    Files.copy(
        Path.of("src/test/resources/npz/episode_000007_3.npz"),
        own.resolve("episode_000007_3.npz"));
    Samples samples =
        Episodes.samples(
            Episodes.configuration(
                own, "data.format=trajectories", "train.sequence=12", "trajectories.scale=1"));
    Sample sample = samples.sample(0);
    StepValues values = sample.values().orElseThrow();
    assertEquals(7f, values.inputs()[0]);
    assertEquals(.5f, values.targets()[2]);
    assertEquals(-.5f, values.targets()[3]);
  }

  @Test
  void nothingToRead() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    Configuration nothing = Episodes.configuration(empty, "data.format=trajectories");
    String told =
        assertThrows(InputException.class, () -> Samples.requireFiles(nothing)).getMessage();
    assertTrue(told.contains("data.path") && told.contains("must hold episodes"), told);
    Configuration missing =
        Episodes.configuration(folder.resolve("none"), "data.format=trajectories");
    told = assertThrows(InputException.class, () -> Samples.requireFiles(missing)).getMessage();
    assertTrue(told.contains("no such file or folder"), told);
    Configuration loose = configuration("trajectories.tasks=folders");
    told = assertThrows(InputException.class, () -> Samples.requireFiles(loose)).getMessage();
    assertTrue(told.contains("is in no task's folder"), told);
  }

  @Test
  void noEpisodeThatCanBeUsed() throws IOException {
    Files.delete(folder.resolve("episode_000007_2.npz"));
    Episodes.write(folder, "bad.npz", Episodes.arrays(0, 1, 2));
    String told =
        assertThrows(
                InputException.class, () -> Episodes.samples(configuration("data.skipBad=true")))
            .getMessage();
    assertTrue(told.contains("data.path") && told.contains("no episode that can be used"), told);
  }
}
