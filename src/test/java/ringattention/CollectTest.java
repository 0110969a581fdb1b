package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.MpiJob;
import ringattention.file.NpzFile;
import ringattention.report.RunLock;

/** {@code collect}: whole programs, ranks as threads. */
class CollectTest {
  private static final String POLE =
      """
      environment = "cartpole"
      collector = "novelty"
      episodes = 35
      """;
  private static final String ROOM =
      """
      environment = "dark-room"
      episodes = 300
      tasks = 3
      firstTask = 78
      """;
  private static final long MOST = 1 << 20;

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
  }

  private MpiJob.Result collect(int ranks, String output, String section, String... more) {
    program.write("collect.toml", "[collect]\n" + section);
    String[] arguments = {"collect", program.file("collect.toml").toString()};
    String[] all =
        Stream.of(arguments, more, new String[] {"-o", program.file(output).toString()})
            .flatMap(Arrays::stream)
            .toArray(String[]::new);
    return program.inProcess(ranks, all);
  }

  private void valid(int ranks, String output, String section, String... more) {
    MpiJob.Result job = collect(ranks, output, section, more);
    assertEquals(0, job.exitCode(), job.output());
  }

  /** Returns the bytes of all files of a folder by name. */
  private Map<String, byte[]> files(String output) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    Path path = program.file(output);
    try (Stream<Path> all = Files.walk(path)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(path.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void same(Map<String, byte[]> one, Map<String, byte[]> other) {
    assertEquals(one.keySet(), other.keySet());
    one.forEach((name, bytes) -> assertArrayEquals(bytes, other.get(name), name));
  }

  @Test
  void episodesAreFilesInTheFormOfExorls() throws IOException {
    valid(1, "pole", POLE);
    Map<String, byte[]> files = files("pole");
    assertEquals(36, files.size());
    assertTrue(files.containsKey("buffer/episode_000034_1000.npz"), files.keySet().toString());
    try (NpzFile episode =
        new NpzFile(program.file("pole").resolve("buffer/episode_000007_1000.npz"))) {
      assertEquals("<f4 (1001, 5)", episode.read("observation", MOST).toString());
      assertEquals("<f4 (1001, 1)", episode.read("action", MOST).toString());
      assertEquals("<f4 (1001, 1)", episode.read("reward", MOST).toString());
      assertEquals("<f4 (1001, 1)", episode.read("discount", MOST).toString());
      assertEquals("<f8 (1001, 4)", episode.read("physics", MOST).toString());
      float[] observation = episode.read("observation", MOST).floats();
      double[] physics = episode.read("physics", MOST).doubles();
      assertEquals((float) physics[4 * 500], observation[5 * 500]);
      assertEquals((float) physics[4 * 500 + 3], observation[5 * 500 + 4]);
      assertEquals(0, episode.read("action", MOST).floats()[0]);
      assertEquals(1, episode.read("discount", MOST).floats()[1000]);
    }
    JsonNode said = new ObjectMapper().readTree(files.get("collection.json"));
    assertEquals("cartpole", said.get("environment").asText());
    assertEquals("novelty", said.get("collector").asText());
    assertEquals(1, said.get("seed").asInt());
    assertFalse(new String(files.get("collection.json")).toLowerCase().contains("exorl"));
  }

  @Test
  void ranksAndThreadsMakeTheSameFiles() throws IOException {
    valid(1, "one", ROOM, "-D", "device.threads=1");
    valid(2, "two", ROOM, "-D", "device.threads=3");
    Map<String, byte[]> files = files("one");
    same(files, files("two"));
    assertEquals(901, files.size());
    assertTrue(files.containsKey("task_00080/episode_000299_20.npz"), files.keySet().toString());
    valid(1, "other", ROOM, "-D", "collect.seed=2");
    String first = "task_00078/episode_000000_20.npz";
    assertFalse(Arrays.equals(files.get(first), files("other").get(first)));
  }

  @Test
  void goesOnWithWhatIsThere() throws IOException {
    valid(1, "whole", POLE);
    valid(1, "part", POLE, "-D", "collect.episodes=20");
    Path buffer = program.file("part").resolve("buffer");
    Files.delete(buffer.resolve("episode_000003_1000.npz"));
    Path torn = buffer.resolve("episode_000004_1000.npz");
    Files.write(torn, Arrays.copyOf(Files.readAllBytes(torn), 5000));
    Files.writeString(buffer.resolve("episode_000005_1000.npz.partial"), "of a killed run");
    Files.delete(buffer.resolve("episode_000005_1000.npz"));
    FileTime old = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
    Path kept = buffer.resolve("episode_000006_1000.npz");
    Files.setLastModifiedTime(kept, old);
    MpiJob.Result job = collect(2, "part", POLE);
    assertEquals(0, job.exitCode(), job.output());
    assertTrue(job.output().contains("35 episodes in"), job.output());
    assertTrue(job.output().contains("18 of them made now"), job.output());
    same(files("whole"), files("part"));
    assertEquals(old, Files.getLastModifiedTime(kept));
    assertTrue(collect(1, "part", POLE).output().contains(" 0 of them made now"));
  }

  @ParameterizedTest
  @CsvSource({
    "collect.seed=2, seed is 1",
    "collect.collector=uniform, collector is",
    "collect.episodes=34, episodes is 35",
  })
  void anotherCollectionIsNotMixedIn(String key, String expected) throws IOException {
    valid(1, "pole", POLE);
    Map<String, byte[]> before = files("pole");
    MpiJob.Result job = collect(2, "pole", POLE, "-D", key);
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("collection.json: " + expected), job.output());
    same(before, files("pole"));
  }

  /** Episodes that are annealed depend on the length of the history. */
  @Test
  void anAnnealedHistoryDoesNotGrow() {
    valid(1, "room", ROOM);
    MpiJob.Result job = collect(1, "room", ROOM, "-D", "collect.episodes=301");
    assertEquals(2, job.exitCode(), job.output());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "environment = 'walker' | collect.environment = \"walker\": needs the simulator MuJoCo",
        "environment = 'cheetah' | dm_control",
        "environment = 'jaco' | composer",
        "environment = 'pendulum' | \"cartpole\" or \"cartpole-tasks\" or \"dark-room\"",
        "environment = 'mdp'; collector = 'novelty' | collect.collector = \"novelty\": must be",
        "environment = 'cartpole'; tasks = 2 | collect.tasks = 2: this environment has no hidden",
        "environment = 'dark-room'; states = 2 | collect.states = 2: only of mdp",
        "environment = 'dark-room'; tasks = 80; firstTask = 2 | at most 81",
        "environment = 'mdp'; states = 1 | collect.states = 1: must be a whole number, 2 to 256",
        "episodes = 3 | collect.environment is missing",
        "environment = 'cartpole'; episodes = 0 | collect.episodes = 0: must be",
      })
  void badInputIsOneLine(String section, String expected) {
    MpiJob.Result job = collect(1, "none", section.replace("; ", "\n"));
    assertEquals(2, job.exitCode(), job.output());
    assertEquals(1, job.output().lines().count(), job.output());
    assertTrue(job.output().contains(expected), job.output());
    assertTrue(job.output().contains("collect.toml: "), job.output());
    assertFalse(Files.exists(program.file("none")));
  }

  @Test
  void aFolderThatCannotBeWrittenEndsAllRanks() throws IOException {
    Files.createDirectories(program.file("room/task_00079").getParent());
    Files.writeString(program.file("room/task_00079"), "a file where a folder should be");
    MpiJob.Result job = collect(2, "room", ROOM);
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("task_00079"), job.output());
  }

  @Test
  void aDescriptionThatIsNoneIsKept() throws IOException {
    Files.createDirectories(program.file("pole"));
    Files.writeString(program.file("pole/collection.json"), "{\"seed\": ");
    MpiJob.Result job = collect(1, "pole", POLE);
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("collection.json: is not what collect writes"), job.output());
    assertEquals(Set.of("collection.json"), files("pole").keySet());
  }

  @Test
  void aFolderInUseIsRefused() throws IOException {
    Files.createDirectories(program.file("pole"));
    try (RunLock held = RunLock.take(program.file("pole"))) {
      MpiJob.Result job = collect(1, "pole", POLE);
      assertEquals(2, job.exitCode(), job.output());
      assertTrue(job.output().contains("in use by another run"), job.output());
    }
  }

  @Test
  void aDryRunWritesNothing() {
    valid(1, "none", POLE, "--dry-run");
    assertFalse(Files.exists(program.file("none")));
  }
}
