package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Suites asked of a model that has learned next to nothing: whole programs, ranks as threads. */
class SuiteTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path trained;
  @TempDir Path folder;

  @BeforeAll
  static void train() {
    String[] keys = {"-D", "train.steps=1", "-D", "model.initStd=0.3", "-D", "output.model=fp32"};
    Run run = new Program(trained).trainInProcess(1, "run", keys);
    assertEquals(0, run.job().exitCode(), run.job().output());
  }

  private Run run(int ranks, String command, String output, String suite, String... more) {
    Program program = new Program(folder);
    Path input =
        program.write("suite.toml", "device.threads = 1\n[suite]\n" + suite.replace("; ", "\n"));
    List<String> arguments = new ArrayList<>(List.of(command, input.toString()));
    arguments.addAll(List.of("-D", "model.checkpoint=" + trained.resolve("run/model")));
    if (command.equals("evaluate")) {
      arguments.addAll(List.of("-o", program.file(output).toString()));
    }
    for (String key : more) {
      arguments.addAll(List.of("-D", key));
    }
    return new Run(
        program.inProcess(ranks, arguments.toArray(String[]::new)), program.file(output));
  }

  private Run valid(int ranks, String output, String suite, String... more) {
    Run run = run(ranks, "evaluate", output, suite, more);
    assertEquals(0, run.job().exitCode(), run.job().output());
    JsonNode summary = run.summary();
    assertEquals(summary.get("planned_peak_bytes"), summary.get("measured_peak_bytes"));
    return run;
  }

  private static Map<String, String> answers(Run run) {
    Map<String, String> answers = new TreeMap<>();
    for (String line : run.lines("answers.jsonl")) {
      try {
        assertEquals(null, answers.put(JSON.readTree(line).get("id").textValue(), line));
      } catch (IOException e) {
        throw new AssertionError(line, e);
      }
    }
    return answers;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name = 'lines'; lengths = [1100, 2000]; contexts = 2; questions = 3; newTokens = 40 | 12 | 3",
        "name = 'needle'; lengths = [900]; contexts = 2; depths = [0, 100]; newTokens = 20 | 4 | 4",
        "name = 'niah'; lengths = [1500]; contexts = 2; keys = 3; values = 2; newTokens = 9 | 2 | 2"
      })
  void twoRanksAnswerAsOneDoes(String suite, int cases, int lines) {
    Run one = valid(1, "one", suite, "output.plots=true");
    Run two = valid(2, "two", suite, "infer.ranks=2");
    Run rings = valid(2, "rings", suite, "infer.ranks=1");
    assertEquals(cases, one.summary().get("cases").intValue());
    assertEquals(cases, answers(one).size());
    assertEquals(lines, one.lines("suite.csv").size());
    for (Run other : List.of(two, rings)) {
      assertEquals(one.lines("suite.csv"), other.lines("suite.csv"));
      assertEquals(answers(one), answers(other));
    }
    assertTrue(Files.exists(one.folder().resolve("plots/accuracy_by_length.png")));
  }

  @Test
  void planSaysTheMemoryOfTheRun() {
    String suite = "name = 'lines'; lengths = [1100]; contexts = 2; questions = 3; newTokens = 40";
    Run run = valid(1, "run", suite);
    Run plan = run(1, "plan", "plan", suite);
    assertEquals(0, plan.job().exitCode(), plan.job().output());
    List<String> planned = chosen(plan);
    assertEquals(1, planned.size(), plan.job().output());
    assertEquals(planned, chosen(run));
  }

  private static List<String> chosen(Run run) {
    return run.printed().stream().filter(line -> line.contains("cache of")).toList();
  }
}
