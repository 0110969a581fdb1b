package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run goes on from the model of another, the ranks as threads. */
class ContinuedModelTest {
  private static final int SEQUENCE = 257;
  private static final double CURVE_TOLERANCE = 1e-5; // relative, as between numbers of ranks

  private Program program;

  /** A text of one sequence and its last label: every step of every run learns the same. */
  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    program.write("text.txt", "one sequence; ".repeat(SEQUENCE).substring(0, SEQUENCE + 1));
  }

  private List<String> losses(int ranks, String name, String... more) {
    List<String> all = new ArrayList<>();
    for (String value : List.of("train.minLearningRate=3e-4", "train.warmupSteps=0")) {
      all.addAll(List.of("-D", value));
    }
    for (String value : more) {
      all.addAll(List.of("-D", value));
    }
    Run run = program.trainInProcess(ranks, name, all.toArray(String[]::new));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run.column("loss");
  }

  @Test
  void aRunGoesOnFromTheFolderOfAnother() {
    List<String> whole = losses(2, "whole", "train.steps=3");
    List<String> begin = losses(2, "begin", "train.steps=2", "output.model=fp32");
    assertEquals(whole.subList(0, 2), begin);
    Path model = program.file("begin").resolve("model");
    assertTrue(Files.exists(model.resolve("model.safetensors")));
    // of another seed: initial weights would be others, and so would be the loss
    String checkpoint = "model.checkpoint=" + model;
    List<String> same = losses(2, "same", checkpoint, "train.steps=1", "train.seed=7");
    assertEquals(whole.get(2), same.get(0));
    List<String> other =
        losses(3, "other", checkpoint, "train.steps=1", "train.seed=7", "output.model=bf16");
    double expected = Double.parseDouble(whole.get(2));
    assertEquals(expected, Double.parseDouble(other.get(0)), CURVE_TOLERANCE * expected);
    assertNotEquals(whole.get(1), whole.get(2));
    assertTrue(Files.exists(program.file("other").resolve("model/model.safetensors")));
  }
}
