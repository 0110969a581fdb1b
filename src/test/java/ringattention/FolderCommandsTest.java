package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.MpiJob;

/** {@code status} and {@code compare} of real runs, and that a run says what repeats it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FolderCommandsTest {
  private Program program;
  private Run first;

  @BeforeAll
  void trainOnce(@TempDir Path folder) {
    program = new Program(folder);
    first = program.trainInProcess(2, "first", "-D", "train.batch=2", "-D", "checkpoint.every=8");
    assertEquals(0, first.job().exitCode(), first.job().output());
  }

  private MpiJob.Result compare(Run second) {
    return program.inProcessAlone("compare", first.folder().toString(), second.folder().toString());
  }

  /**
   * By the event that it starts with and its inputs, and nothing else that the test knows of it.
   */
  private Run repeat(String output, String... more) {
    JsonNode start =
        first.events().stream()
            .filter(event -> event.path("event").asText().equals("start"))
            .findFirst()
            .orElseThrow();
    for (String key : List.of("version", "git", "java", "mpi", "directory", "seed")) {
      assertFalse(start.path(key).asText().isEmpty(), key + " is not in " + start);
    }
    assertEquals(2, start.path("hosts").size());
    assertEquals(2, start.path("devices").size());
    List<String> arguments = new ArrayList<>();
    arguments.add(start.path("arguments").get(0).asText());
    arguments.add(first.folder().resolve("used_inputs.toml").toString());
    arguments.addAll(List.of("-o", program.file(output).toString()));
    arguments.addAll(List.of(more));
    return new Run(
        program.inProcess(start.path("ranks").asInt(), arguments.toArray(String[]::new)),
        program.file(output));
  }

  @Test
  void usedInputsRepeatARunToTheBit() {
    MpiJob.Result result = compare(repeat("again"));
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("inputs: the same"), result.output());
    assertTrue(result.output().contains("program and machine: the same"), result.output());
    assertTrue(result.output().contains("EQUAL"), result.output());
  }

  @Test
  void anotherSeedIsSeen() {
    MpiJob.Result result = compare(repeat("other", "-D", "train.seed=2"));
    assertEquals(3, result.exitCode(), result.output());
    assertTrue(result.output().contains("train.seed 1 -> 2"), result.output());
    assertTrue(result.output().contains("step 1: "), result.output());
    assertTrue(result.output().contains("DIFFERENT"), result.output());
  }

  @Test
  void statusOfAFinishedRun() {
    MpiJob.Result result = program.inProcessAlone("status", first.folder().toString());
    assertEquals(0, result.exitCode(), result.output());
    for (String part :
        List.of("finished (exit code 0)", "20 of 20 (100%)", "step_20", "VALID: final loss")) {
      assertTrue(result.output().contains(part), part + " is not in " + result.output());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "status, command line: status needs the folder of a run",
    "compare ., command line: compare needs the folders of two runs",
    "status absent, absent: no such folder",
    "status src, src: is not the folder of a run: holds no run.jsonl",
    "compare src src, src: is not the folder of a run: holds no run.jsonl",
  })
  void badFoldersAreRefusedInOneLine(String arguments, String expected) {
    MpiJob.Result result = program.inProcessAlone(arguments.split(" "));
    assertEquals(2, result.exitCode(), result.output());
    List<String> errors =
        result.output().lines().filter(line -> !line.startsWith("WARNING")).toList();
    assertEquals(List.of("ringattention: " + expected), errors);
  }
}
