package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The whole way: histories of the dark room are collected, a small model learns of them, and acts.
 * Whole programs, ranks as threads.
 */
class RolloutRunTest {
  private static final String MODEL =
      """
      [model]
      input = "trajectories"
      stateSize = 18
      actionSize = 5
      episodeSteps = 20
      hidden = 16
      layers = 2
      heads = 2

      [trajectories]
      arrangement = "agentic"
      count = 3
      order = "collected"
      tasks = "folders"
      scale = 10

      [device]
      threads = 1
      """;

  @TempDir static Path folder;
  private static Program program;

  @BeforeAll
  static void collectAndTrain() {
    program = new Program(folder);
    program.write(
        "collect.toml", "[collect]\nenvironment = \"dark-room\"\nepisodes = 8\ntasks = 6\n");
    valid(1, "collect", "collect.toml", "episodes");
    program.write(
        "train.toml",
        MODEL
            + """
            [train]
            sequence = 240
            batch = 2
            steps = 30
            learningRate = 1e-2

            [data]
            format = "trajectories"
            path = "EPISODES"

            [checkpoint]
            every = 30

            [output]
            plots = false
            """
                .replace("EPISODES", program.file("episodes").toString()));
    valid(1, "train", "train.toml", "trained");
    program.write(
        "rollout.toml",
        MODEL
            + """
            [rollout]
            environment = "dark-room"
            seeds = 8
            trials = 4
            target = 10
            firstTask = 6
            noise = 0.5
            sampled = true
            """);
  }

  private static Run run(int ranks, String command, String input, String output, String... keys) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command, program.file(input).toString(), "-o", program.file(output).toString()));
    for (String key : keys) {
      arguments.addAll(List.of("-D", key));
    }
    return new Run(
        program.inProcess(ranks, arguments.toArray(String[]::new)), program.file(output));
  }

  private static Run valid(int ranks, String command, String input, String output, String... keys) {
    Run run = run(ranks, command, input, output, keys);
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static Run evaluate(int ranks, String output, String... keys) {
    List<String> all = new ArrayList<>(List.of("checkpoint.resume=" + program.file("trained")));
    all.addAll(List.of(keys));
    return run(ranks, "evaluate", "rollout.toml", output, all.toArray(String[]::new));
  }

  @Test
  void ranksPlayAsOneDoes() throws IOException {
    byte[] statistics = Files.readAllBytes(program.file("trained/statistics.json"));
    Run one = evaluate(1, "one");
    Run two = evaluate(2, "two", "infer.ranks=2", "infer.weights=sharded");
    Run waits = evaluate(3, "three", "infer.ranks=2");
    for (Run run : List.of(one, two, waits)) {
      assertEquals(0, run.job().exitCode(), run.job().output());
      assertEquals(one.lines("rollouts.csv"), run.lines("rollouts.csv"));
      JsonNode summary = run.summary();
      assertEquals(summary.get("planned_peak_bytes"), summary.get("measured_peak_bytes"));
    }
    List<String> lines = one.lines("rollouts.csv");
    assertEquals("seed,task,trial,return", lines.get(0));
    assertEquals(1 + 8 * 4, lines.size());
    assertTrue(lines.get(8 + 3).startsWith("2,8,1,"), lines.get(8 + 3));
    double[][] returns = new double[4][8];
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",");
      returns[Integer.parseInt(cells[2])][Integer.parseInt(cells[0])] =
          Double.parseDouble(cells[3]);
    }
    double best = 0;
    double mean = 0;
    double last = 0;
    for (int seed = 0; seed < 8; seed++) {
      double most = 0;
      for (double[] trial : returns) {
        most = Math.max(most, trial[seed]);
        mean += trial[seed] / 32;
      }
      best += most / 8;
      last += returns[3][seed] / 8;
    }
    assertTrue(best > mean && mean > 0, "returns that are all alike show nothing");
    JsonNode summary = one.summary();
    assertEquals(best, summary.get("best_return").doubleValue(), 1e-9);
    assertEquals(mean, summary.get("mean_return").doubleValue(), 1e-9);
    assertEquals(last, summary.get("last_return").doubleValue(), 1e-9);
    assertTrue(summary.get("environment_steps_per_s").doubleValue() > 0);
    assertTrue(Files.exists(one.folder().resolve("plots/learning_curve.png")));
    assertArrayEquals(statistics, Files.readAllBytes(program.file("trained/statistics.json")));
  }

  @Test
  void aDryRunPlansAndLeavesNothing() {
    Run dry =
        new Run(
            program.inProcess(
                1,
                "evaluate",
                program.file("rollout.toml").toString(),
                "--dry-run",
                "-D",
                "checkpoint.resume=" + program.file("trained"),
                "-o",
                program.file("dry").toString()),
            program.file("dry"));
    assertEquals(0, dry.job().exitCode(), dry.job().output());
    assertTrue(dry.job().output().contains("up to 32 rows a step"), dry.job().output());
    assertFalse(Files.exists(dry.folder().resolve("rollouts.csv")));
  }

  @Test
  void contextsOfAWindowAndOfNoTrialsAreLetGo() {
    for (String key : List.of("rollout.contextSteps=5", "rollout.contextTrials=0")) {
      Run run = evaluate(1, "context-" + key.length(), key, "output.plots=false");
      assertEquals(0, run.job().exitCode(), run.job().output());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "trajectories.scale=9, 'trajectories.scale = 9.0: must be 10.0, as in checkpoint'",
    "trajectories.returns=false, 'rollout.target = 10.0: must not be given'",
    "model.stateSize=17, 'model.stateSize = 17: must be 18, as dark-room has'",
    "rollout.environment=mdp, 'model.stateSize = 18: must be 10, as mdp has'",
    "rollout.environment=walker, 'needs the simulator MuJoCo'",
    "trajectories.statistics=nowhere.json, 'trajectories.statistics'",
    "infer.cache=512, 'the longest that fits is 64 positions, 0 whole trials of 80'",
    "attention.mask=full, 'attention.mask'"
  })
  void whatDoesNotFitEndsWithOneLine(String key, String message) {
    Run run = evaluate(1, "refused-" + key.replaceAll("\\W", "-"), key);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    assertTrue(run.errors().get(0).contains(message), run.errors().get(0));
    assertFalse(Files.exists(run.folder()), "a folder of a refused run");
  }

  /** A model that has seen returns is not asked without one. */
  @Test
  void returnsAreSeenAsInTraining() throws IOException {
    String text = Files.readString(program.file("rollout.toml")).replace("target = 10\n", "");
    program.write("blind.toml", text);
    Run run =
        run(
            1,
            "evaluate",
            "blind.toml",
            "blind",
            "checkpoint.resume=" + program.file("trained"),
            "trajectories.returns=false");
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.errors().get(0).contains("must be true, as in checkpoint"), run.errors().get(0));
  }
}
