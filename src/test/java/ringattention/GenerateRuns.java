package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs of {@code generate} in a folder of their own.
 *
 * @param weights the key that says where they are from
 */
record GenerateRuns(Program program, String weights) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INPUT =
      """
      device.threads = 1
      generate.maxNewTokens = 24
      """;

  GenerateRuns(Path folder, String weights) {
    this(new Program(folder), weights);
    program.write("generate.toml", INPUT);
  }

  /** Writes a file of requests; returns the key that names it. */
  String prompts(String name, List<String> lines) {
    return "generate.prompts="
        + program.write(name, String.join("", lines.stream().map(line -> line + "\n").toList()));
  }

  /**
   * Runs the command, in one ring unless the keys say otherwise.
   *
   * @param keys and values, options with two hyphens, the value of such
   */
  Run run(int ranks, String output, String... keys) {
    String[] arguments = arguments(ranks, output, keys);
    return new Run(program.inProcess(ranks, arguments), program.file(output));
  }

  /** Returns the command line. */
  String[] arguments(int ranks, String output, String... keys) {
    List<String> arguments = new ArrayList<>(List.of("generate"));
    arguments.addAll(List.of(program.file("generate.toml").toString(), "-D", weights));
    arguments.addAll(List.of("-o", program.file(output).toString()));
    arguments.addAll(List.of("-D", "infer.ranks=" + ranks)); // short texts would take one
    boolean plain = false; // the value of an option
    for (String key : keys) {
      arguments.addAll(plain || key.startsWith("--") ? List.of(key) : List.of("-D", key));
      plain = key.equals("--prompt");
    }
    return arguments.toArray(String[]::new);
  }

  /** Runs the command, which must answer everything in the memory that it planned. */
  Run valid(int ranks, String output, String... keys) {
    Run run = run(ranks, output, keys);
    assertEquals(0, run.job().exitCode(), run.job().output());
    JsonNode summary = run.summary();
    assertEquals(summary.get("planned_peak_bytes"), summary.get("measured_peak_bytes"));
    return run;
  }

  /** Returns the answers of a run by id and sample, in their order. */
  static Map<String, JsonNode> answers(Run run) {
    Map<String, JsonNode> answers = new LinkedHashMap<>();
    for (String line : run.lines("generations.jsonl")) {
      try {
        JsonNode answer = JSON.readTree(line);
        String key = answer.get("id").textValue() + " " + answer.get("sample").intValue();
        assertEquals(null, answers.put(key, answer), line);
      } catch (IOException e) {
        throw new AssertionError(line, e);
      }
    }
    return answers;
  }

  static int[] tokens(JsonNode answer) {
    return JSON.convertValue(answer.get("tokens"), int[].class);
  }

  /** Demands the same but for their order and their times. */
  static void assertSameAnswers(Map<String, JsonNode> expected, Map<String, JsonNode> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (key, answer) -> {
          assertSame(answer, actual.get(key));
          assertEquals(answer.get("prompt_tokens"), actual.get(key).get("prompt_tokens"), key);
        });
  }

  static void assertSame(JsonNode expected, JsonNode actual) {
    for (String field : List.of("text", "tokens", "finish")) {
      assertEquals(expected.get(field), actual.get(field), expected.get("id") + " " + field);
    }
  }
}
