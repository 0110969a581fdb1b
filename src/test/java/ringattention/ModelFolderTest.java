package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of trained models, as commands write and read them. */
class ModelFolderTest {
  private static final int FIRST_POSITION = 1000;

  private Program program;

  @BeforeEach
  void makeProgram(@TempDir Path folder) {
    program = new Program(folder);
  }

  private Run train(String output, int steps, String... more) {
    String[] all = {
      "-D",
      "train.steps=" + steps,
      "-D",
      "train.warmupSteps=0",
      "-D",
      "train.sequence=64",
      "-D",
      "checkpoint.every=2",
      "-D",
      "output.model=fp32",
      "-D",
      "train.minLearningRate=3e-4",
      "-D",
      "data.firstPosition=" + FIRST_POSITION
    };
    String[] together = Stream.concat(Stream.of(all), Stream.of(more)).toArray(String[]::new);
    Run run = program.trainInProcess(2, output, together);
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static byte[] weights(Run run) throws IOException {
    return Files.readAllBytes(run.folder().resolve("model/model.safetensors"));
  }

  private static Set<String> models(Run run) throws IOException {
    try (Stream<Path> files = Files.list(run.folder())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("model"))
          .collect(Collectors.toSet());
    }
  }

  /** The model of an earlier part is replaced, whenever the part before was killed. */
  @Test
  void aRunThatGoesOnExportsAgain() throws IOException {
    byte[] whole = weights(train("whole", 4));
    Run run = train("parts", 2);
    assertNotEquals(Arrays.hashCode(whole), Arrays.hashCode(weights(run)));
    Path model = run.folder().resolve("model");
    Files.writeString(model.resolve("tokenizer.json"), "the user's");

    run = train("parts", 4, "--resume");
    assertArrayEquals(whole, weights(run));
    assertEquals(Set.of("model"), models(run));

    // killed between the renames, before there was a summary
    Files.delete(run.folder().resolve("summary.json"));
    Files.move(model, run.folder().resolve("model.replaced"));
    Files.createDirectory(run.folder().resolve("model.partial"));
    run = train("parts", 4, "--resume");
    assertArrayEquals(whole, weights(run));
    assertEquals(Set.of("model"), models(run));
    assertTrue(Files.exists(run.folder().resolve("summary.json")));

    run = train("parts", 4, "--resume", "-D", "output.model=none");
    assertTrue(
        run.printed().stream().anyMatch(line -> line.startsWith("WARNING: " + model)),
        run.job().output());
    assertArrayEquals(whole, weights(run));
    assertEquals("the user's", Files.readString(model.resolve("tokenizer.json")));

    assertEquals(
        FIRST_POSITION + 64,
        new ObjectMapper()
            .readTree(model.resolve("config.json").toFile())
            .path("max_position_embeddings")
            .asInt());
  }

  /** Transformers 5 ties no head that is not the embedding; so says the loss, and a warning. */
  @Test
  void aHeadOfItsOwnIsTheHead() throws IOException {
    Path model = train("untied", 2).folder().resolve("model");
    String right = loss(model);
    Path config = model.resolve("config.json");
    String tied = Files.readString(config).replace("embeddings\" : false", "embeddings\" : true");
    Files.writeString(config, tied);
    assertTrue(tied.contains("\"tie_word_embeddings\" : true"), tied);
    assertEquals(right, loss(model));
    Run run = train("on", 1, "-D", "model.checkpoint=" + model);
    assertTrue(
        run.printed().stream().anyMatch(line -> line.startsWith("WARNING: its lm_head.weight")),
        run.job().output());
    assertTrue(
        Files.readString(run.folder().resolve("model/config.json"))
            .contains("\"tie_word_embeddings\" : false"));
  }

  private String loss(Path model) {
    var result =
        program.inProcess(
            1,
            "gradients",
            program.file("small.toml").toString(),
            "-D",
            "train.sequence=32",
            "-D",
            "model.checkpoint=" + model,
            "-o",
            Path.of(model + "-" + System.nanoTime()).toString());
    assertEquals(0, result.exitCode(), result.output());
    return result.output().lines().filter(line -> line.startsWith("VALID: loss")).findFirst().get();
  }
}
