package ringattention.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.command.Sections;
import ringattention.data.DataConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainConfig;

/** What an input with stages says of each of them. */
class StagesTest {
  private static final String INPUT =
      """
      [model]
      hidden = 32
      layers = 1
      heads = 2
      ropeTheta = 500.0
      [train]
      steps = 9
      batch = 2
      [data]
      path = "one"
      [[stage]]
      sequence = 16
      [[stage]]
      train.sequence = 32
      steps = 5
      ropeTheta = 7000.0
      data.path = "two"
      """;

  @TempDir Path folder;

  private List<Configuration> stages(String text, String... overrides) throws IOException {
    Path file = Files.writeString(folder.resolve("in.toml"), text);
    return Sections.INPUTS.stages(file, List.of(overrides), stage -> Map.of());
  }

  private static List<Integer> steps(List<Configuration> stages) {
    return stages.stream().map(stage -> stage.get(TrainConfig.SECTION).steps()).toList();
  }

  @Test
  void aStageChangesSomeKeysAndKeepsTheOthers() throws IOException {
    List<Configuration> stages = stages(INPUT);
    assertEquals(List.of(9, 5), steps(stages));
    assertEquals(
        List.of(16, 32),
        stages.stream().map(stage -> stage.get(TrainConfig.SECTION).sequence()).toList());
    assertEquals(
        List.of(500.0, 7000.0),
        stages.stream().map(stage -> stage.get(ModelConfig.SECTION).ropeTheta()).toList());
    assertEquals(
        List.of("one", "two"),
        stages.stream().map(stage -> stage.get(DataConfig.SECTION).path().toString()).toList());
    assertEquals(
        List.of(2, 2),
        stages.stream().map(stage -> stage.get(TrainConfig.SECTION).batch()).toList());
  }

  /** Tables of a list in a stage change those of the input by their number, and add to them. */
  @Test
  void stagesChangeSources() throws IOException {
    String text =
        INPUT
            .replace(
                "path = \"one\"",
                "[[data.source]]\npath = \"one\"\n[[data.source]]\npath = \"two\"")
            .replace(
                "data.path = \"two\"", "data.source.1.weight = 0\ndata.source.3.path = \"three\"");
    List<Configuration> stages = stages(text, "data.source.2.weight=5");
    assertEquals(List.of("one 1.0", "two 5.0"), sources(stages.get(0)));
    assertEquals(List.of("one 0.0", "two 5.0", "three 1.0"), sources(stages.get(1)));
    List<Configuration> again = stages(Configuration.toml(stages));
    assertEquals(sources(stages.get(0)), sources(again.get(0)));
    assertEquals(sources(stages.get(1)), sources(again.get(1)));
    assertEquals(sources(stages.get(0)), sources(stages(stages.get(0).source().toml()).get(0)));
  }

  private static List<String> sources(Configuration stage) {
    return stage.get(DataConfig.SECTION).sources().stream()
        .map(source -> source.path() + " " + source.weight())
        .toList();
  }

  /** The command line precedes the file, and what it says of one stage what it says of all. */
  @Test
  void overridesPrecedeStages() throws IOException {
    assertEquals(List.of(3, 3), steps(stages(INPUT, "train.steps=3")));
    assertEquals(List.of(9, 4), steps(stages(INPUT, "stage.2.steps=4")));
    assertEquals(List.of(9, 4), steps(stages(INPUT, "stage.2.train.steps=4")));
    assertEquals(List.of(3, 4), steps(stages(INPUT, "stage.2.steps=4", "train.steps=3")));
    assertEquals(List.of(3, 4), steps(stages(INPUT, "train.steps=3", "stage.2.steps=4")));
  }

  @Test
  void whatTheProgramAddsPrecedesBoth() throws IOException {
    Path file = Files.writeString(folder.resolve("in.toml"), INPUT);
    List<Configuration> stages =
        Sections.INPUTS.stages(
            file,
            List.of("checkpoint.atEnd=false"),
            stage -> stage == 1 ? Map.of("checkpoint.atEnd", true) : Map.of());
    assertEquals(
        List.of(true, false),
        stages.stream().map(stage -> stage.get(CheckpointConfig.SECTION).atEnd()).toList());
  }

  @Test
  void otherCommandsReadTheLast() throws IOException {
    Path file = Files.writeString(folder.resolve("in.toml"), INPUT);
    Configuration last = Sections.INPUTS.read(file, List.of());
    assertEquals(32, last.get(TrainConfig.SECTION).sequence());
  }

  @Test
  void withoutStagesThereIsOne() throws IOException {
    String text = INPUT.substring(0, INPUT.indexOf("[[stage]]"));
    assertEquals(List.of(9), steps(stages(text, "train.sequence=8")));
  }

  /** A table without keys is a stage like the input. */
  @Test
  void anEmptyStageCounts() throws IOException {
    List<Configuration> stages = stages(INPUT + "[[stage]]\n", "train.sequence=8");
    assertEquals(List.of(9, 5, 9), steps(stages));
  }

  @Test
  void whatIsWrittenReadsAsItWas() throws IOException {
    List<Configuration> stages = stages(INPUT, "stage.2.weightDecay=0.5");
    List<Configuration> again = stages(Configuration.toml(stages));
    assertEquals(
        stages.stream().map(stage -> stage.source().toml()).toList(),
        again.stream().map(stage -> stage.source().toml()).toList());
    assertEquals(Configuration.toml(stages), Configuration.toml(again));
    String common = Configuration.toml(stages).split("\\[\\[stage]]")[0];
    assertEquals(1, common.lines().filter(line -> line.equals("hidden = 32")).count());
    assertEquals(0, common.lines().filter(line -> line.startsWith("sequence =")).count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stage.2.stepz=3 | -D stage.2.stepz = 3: unknown key, did you mean train.steps?",
        "stage.2.data.pth=3 | -D stage.2.data.pth = 3: unknown key, did you mean data.path?",
        "stage.3.steps=3 | -D stage.3.steps = 3: there is no such [[stage]]: they are counted from 1",
        "stage.0.steps=3 | -D stage.0.steps = 3: there is no such [[stage]]: they are counted from 1",
        "stage.steps=3 | -D stage.steps = 3: must stand in a table of a list, [[stage]]",
        "stage=3 | -D stage = 3: must stand in a table of a list, [[stage]]",
        "stage.2.hidden=64 | -D stage.2.hidden = 64: must be 32, as in the first stage",
        "stage.2.steps=0 | -D stage.2.steps = 0: must be a whole number, at least 1",
        "stage.2.data=x | -D stage.2.data = \"x\": must be a section, [data]"
      })
  void whatIsNoKeyOfAStageIsRefused(String override, String message) {
    assertEquals(
        message, assertThrows(InputException.class, () -> stages(INPUT, override)).getMessage());
  }

  /** An error names a key as the file does. */
  @Test
  void errorsNameTheStage() {
    String twice = INPUT + "train.steps = 6\n";
    String wrong = INPUT.replace("steps = 5", "steps = \"five\"");
    Stream.of(
            new String[] {twice, ": stage.2.steps = 5: is stage.2.train.steps too"},
            new String[] {wrong, ": stage.2.steps = \"five\": must be a whole number, at least 1"},
            new String[] {
              INPUT.replace("[[stage]]\nsequence = 16\n", "").replace("[[stage]]", "[stage]"),
              ": stage.train.sequence = 32: must stand in a table of a list, [[stage]]"
            })
        .forEach(
            pair ->
                assertEquals(
                    folder.resolve("in.toml") + pair[1],
                    assertThrows(InputException.class, () -> stages(pair[0])).getMessage()));
  }
}
