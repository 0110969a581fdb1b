package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that is killed while it tokenizes leaves nothing that the next takes for whole. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledTokenizingIT {
  private static final int RECORDS = 150_000; // a second or more

  private Program program;
  private Run whole;

  @BeforeAll
  void undisturbed(@TempDir Path folder) throws IOException {
    program = new Program(folder);
    try (BufferedWriter records = Files.newBufferedWriter(program.file("records.jsonl"))) {
      for (int i = 0; i < RECORDS; i++) {
        records.write("{\"text\": \"" + i + " times " + (i + 1) + " is " + (long) i * i + "\"}\n");
      }
    }
    whole = runHere("whole", "whole cache");
  }

  /** With threads as ranks: what was killed needs processes, what follows does not. */
  private Run runHere(String name, String cache) {
    Run run = program.trainInProcess(2, name, keys(cache).toArray(String[]::new));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private FaultJob start(String name, String cache) {
    List<String> arguments = new ArrayList<>(List.of("train", program.file("small.toml") + ""));
    arguments.addAll(keys(cache));
    arguments.addAll(List.of("-o", program.file(name).toString()));
    return FaultJob.start(2, program.file(name), arguments);
  }

  private List<String> keys(String cache) {
    List<String> arguments = new ArrayList<>();
    for (String key :
        List.of(
            "train.steps=3",
            "model.vocabulary=3000",
            "data.format=jsonl",
            "data.path=" + program.file("records.jsonl"),
            "data.tokenizer=" + Path.of("src/test/resources/tokenizers/pairs").toAbsolutePath(),
            "data.cache=" + program.file(cache))) {
      arguments.addAll(List.of("-D", key));
    }
    return arguments;
  }

  private List<Path> files(String cache, String ending) {
    try (Stream<Path> all = Files.list(program.file(cache))) {
      return all.filter(file -> file.toString().endsWith(ending)).toList();
    } catch (IOException notYet) {
      return List.of();
    }
  }

  private long written(String cache) {
    return files(cache, ".partial").stream().mapToLong(file -> file.toFile().length()).sum();
  }

  /** The rank that tokenizes, or the one that waits for it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatAKilledProcessLeftIsNotTakenUp(int killed) throws IOException {
    String cache = "cache " + killed;
    Path expected = files("whole cache", ".tokens").get(0);
    FaultJob job = start("killed-" + killed, cache);
    job.until(() -> written(cache) > expected.toFile().length() / 4);
    job.signal(killed, "KILL");
    Run run = job.end();
    assertNotEquals(0, run.job().exitCode(), run.job().output());
    if (killed == 0) {
      assertEquals(List.of(), files(cache, ".tokens"), "it was killed too late");
      assertTrue(written(cache) > 0, "it was killed too early");
    }
    for (Path done : files(cache, ".tokens")) { // it was done before mpirun ended it, too
      assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(done));
    }
    Run again = runHere("again-" + killed, cache);
    assertEquals(List.of(), files(cache, ".partial"));
    Path made = files(cache, ".tokens").get(0);
    assertEquals(expected.getFileName(), made.getFileName());
    assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(made));
    assertEquals(whole.column("loss"), again.column("loss"));
  }
}
