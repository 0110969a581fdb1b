package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.MpiJob;

/** What {@code gradients} writes is no result unless it is made of numbers. */
class GradientsChecksTest {
  @TempDir Path folder;

  private MpiJob.Result gradients(Program program, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("gradients", program.file("small.toml").toString(), "-D", "train.sequence=16"));
    arguments.addAll(List.of("-o", folder.resolve("run").toString()));
    arguments.addAll(List.of(more));
    return program.inProcess(2, arguments.toArray(String[]::new));
  }

  @Test
  void numbersPass() {
    MpiJob.Result result = gradients(new Program(folder));
    assertEquals(0, result.exitCode(), result.output());
  }

  @Test
  void whatIsNotFiniteIsInvalid() {
    MpiJob.Result result = gradients(new Program(folder), "-D", "model.initStd=1e30");
    assertEquals(3, result.exitCode(), result.output());
    assertTrue(result.output().contains("INVALID: check finite failed"), result.output());
    assertTrue(result.output().contains("gradient of "), result.output());
  }

  /** A question as long as the sequence: no token of it is learned. */
  @Test
  void aBatchWithoutLabelsIsRefused() {
    Program program = new Program(folder);
    String question = "why is that so? ".repeat(40);
    Path data =
        program.write(
            "talk.jsonl",
            "{\"conversations\": [{\"from\": \"human\", \"value\": \""
                + question
                + "\"}, {\"from\": \"gpt\", \"value\": \"yes\"}]}\n");
    MpiJob.Result result =
        gradients(program, "-D", "data.path=" + data, "-D", "data.format=conversations");
    assertEquals(2, result.exitCode(), result.output());
    assertTrue(result.output().contains("without a label"), result.output());
    String table = "[[data.source]]\npath = \"" + data + "\"\n";
    Path several =
        program.write(
            "several.toml",
            program.input().replaceFirst("(?m)^path = .*$", "format = \"conversations\"")
                + (table + "weight = 0\n" + table));
    result = program.inProcess(2, "gradients", several.toString(), "-D", "train.sequence=16");
    assertEquals(2, result.exitCode(), result.output());
    String key = several + ": data.source.2.path = \"" + data + "\"";
    assertTrue(
        result.output().contains(key + ": gives a first batch without a label"), result.output());
  }
}
