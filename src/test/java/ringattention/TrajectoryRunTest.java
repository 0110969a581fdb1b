package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.MpiJob;

/** A model of trajectories in whole runs, over ranks as threads, on episodes that it collects. */
class TrajectoryRunTest {
  @TempDir static Path folder;
  private static Program program;

  @BeforeAll
  static void collect() {
    program = new Program(folder);
    program.write(
        "collect.toml", "[collect]\nenvironment = \"dark-room\"\nepisodes = 5\ntasks = 9\n");
    MpiJob.Result collected =
        program.inProcess(
            1, "collect", file("collect.toml"), "-o", program.file("episodes").toString());
    assertEquals(0, collected.exitCode(), collected.output());
    program.write(
        "train.toml",
        """
        [model]
        input = "trajectories"
        stateSize = 18
        actionSize = 5
        episodeSteps = 20
        hidden = 16
        layers = 2
        heads = 2

        [train]
        sequence = 240
        batch = 2
        steps = 4
        learningRate = 1e-2

        [data]
        format = "trajectories"
        path = "EPISODES"

        [trajectories]
        arrangement = "agentic"
        order = "collected"
        tasks = "folders"
        count = 3
        scale = 20.0

        [validation]
        fraction = 0.4
        every = 2

        [checkpoint]
        every = 2
        keep = 9

        [device]
        threads = 1

        [output]
        plots = false
        """
            .replace("EPISODES", program.file("episodes").toString()));
  }

  private static String file(String name) {
    return program.file(name).toString();
  }

  private static MpiJob.Result job(int ranks, String command, String output, String... more) {
    List<String> all = new ArrayList<>(List.of(command, file("train.toml"), "-o", file(output)));
    all.addAll(List.of(more));
    return program.inProcess(ranks, all.toArray(String[]::new));
  }

  private static Run run(int ranks, String command, String output, String... more) {
    Run run = new Run(job(ranks, command, output, more), program.file(output));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  @Test
  void ranksAgreeRunsGoOnAndWhatIsKeptOutIsEvaluated() {
    Run one = run(1, "train", "one");
    Run three = run(3, "train", "three");
    for (int step = 0; step < 4; step++) {
      double loss = Double.parseDouble(one.column("loss").get(step));
      assertEquals(loss, Double.parseDouble(three.column("loss").get(step)), 1e-5 * loss);
    }
    assertTrue(one.job().output().contains("squared error"), one.job().output());
    String second = file("one/checkpoints/step_2");
    Run resumed = run(1, "train", "resumed", "-D", "checkpoint.resume=" + second);
    assertEquals(one.column("loss").subList(2, 4), resumed.column("loss"));
    Run evaluated = run(2, "evaluate", "evaluated", "-D", "checkpoint.resume=" + file("one"));
    double loss = one.summary().get("validation_loss").asDouble();
    assertEquals(loss, evaluated.summary().get("loss").asDouble(), 1e-5 * loss);
  }

  @Test
  void anotherScaleOfReturnsIsAnotherModel() {
    run(1, "train", "scaled", "-D", "train.steps=2");
    MpiJob.Result other =
        job(
            1,
            "train",
            "other",
            "-D",
            "checkpoint.resume=" + file("scaled"),
            "-D",
            "trajectories.scale=1");
    assertEquals(2, other.exitCode(), other.output());
    assertTrue(other.output().contains("trajectories.scale"), other.output());
  }

  @ParameterizedTest
  @CsvSource({
    "model.stateSize, 17, must be 18",
    "model.actionSize, 4, must be 5",
    "model.episodeSteps, 19, must be at least 20",
  })
  void sizesAreThoseOfTheData(String key, String value, String reason) {
    MpiJob.Result refused = job(2, "train", "refused", "-D", key + "=" + value);
    assertEquals(2, refused.exitCode(), refused.output());
    String line = "ringattention: -D " + key + " = " + value + ": " + reason + ", as in data.path";
    assertTrue(refused.output().contains(line), refused.output());
  }
}
