package ringattention.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.report.RunFolder;

class GenerationsFileTest {
  @TempDir Path parent;
  private Path file;

  @BeforeEach
  void place() {
    file = parent.resolve("run").resolve(GenerationsFile.NAME);
  }

  private static GenerationResult result(String id, int sample, Finish finish) {
    return new GenerationResult(
        new SampleKey(id, sample),
        "say \"\u00e9\"\n",
        new int[] {7, 8},
        finish,
        3,
        .5,
        20,
        Optional.of(new double[] {-.5, -1}));
  }

  private void write(GenerationResult... results) {
    try (RunFolder folder = RunFolder.create(file.getParent())) {
      GenerationsFile lines = new GenerationsFile(folder.append(GenerationsFile.NAME)::line);
      for (GenerationResult result : results) {
        lines.ended(result);
      }
    }
  }

  @Test
  void aLineForEveryAnswer() throws IOException {
    write(result("a", 1, Finish.STOP), GenerationResult.refused(new SampleKey("b", 0), 9));
    assertEquals(
        """
        {"id":"a","sample":1,"text":"say \\"\u00e9\\"\\n","tokens":[7,8],"finish":"stop","prompt_tokens":3,"prefill_s":0.5,"decode_tokens_per_s":20.0,"log_probabilities":[-0.5,-1.0]}
        {"id":"b","sample":0,"text":"","tokens":[],"finish":"refused","prompt_tokens":9,"prefill_s":0.0,"decode_tokens_per_s":0.0}
        """,
        Files.readString(file));
  }

  @Test
  void whatIsDone() {
    assertEquals(Set.of(), GenerationsFile.rewind(file));
    write(
        result("stop", 0, Finish.STOP),
        result("length", 2, Finish.LENGTH),
        result("end", 0, Finish.END),
        result("interrupted", 0, Finish.INTERRUPTED),
        result("refused", 0, Finish.REFUSED));
    assertEquals(
        Set.of(new SampleKey("stop", 0), new SampleKey("length", 2), new SampleKey("end", 0)),
        GenerationsFile.rewind(file));
  }

  /** Wherever the last line is cut, in a character as well, it is gone; lines before it stay. */
  @Test
  void aTornLineIsCutOff() throws IOException {
    write(
        result("1", 0, Finish.END),
        result("1", 1, Finish.INTERRUPTED),
        result("2", 0, Finish.LENGTH));
    byte[] whole = Files.readAllBytes(file);
    String first = new String(whole, UTF_8).lines().findFirst().orElseThrow() + "\n";
    for (int cut = 1; cut < 100; cut++) {
      Files.write(file, Arrays.copyOf(whole, whole.length - cut));
      assertEquals(Set.of(new SampleKey("1", 0)), GenerationsFile.rewind(file));
      GenerationsFile.rewind(file);
      assertEquals(first, Files.readString(file));
    }
    Files.write(file, whole);
    GenerationsFile.rewind(file);
    assertEquals(2, Files.readAllLines(file).size());
    assertFalse(Files.exists(file.resolveSibling(GenerationsFile.NAME + ".part")));
  }

  @Test
  void noFileIsNothingDone() {
    GenerationsFile.rewind(file);
    assertFalse(Files.exists(file));
  }
}
