package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.data.Episodes;

/** What a model is going to learn is shown before it does. */
class ShowDataTest {
  private static final String TALKS =
      """
      {"instruction": "q", "output": "a"}
      {"messages": [{"role": "user", "content": "r"}, {"role": "assistant", "content": "long"}]}
      """;

  @TempDir Path folder;

  @Test
  void learnedWordsStandBetweenBrackets() {
    Program program = new Program(folder);
    Path talks = program.write("talks.jsonl", TALKS);
    Path input =
        program.write(
            "talks.toml",
            "data = { path = \""
                + talks
                + "\", format = \"conversations\", template = \"chatml\" }\n");
    var shown = program.inProcess(2, "show-data", input.toString(), "-n", "1");
    assertEquals(0, shown.exitCode(), shown.output());
    String first = "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n";
    int longer = first.length() + "long<|im_end|>\n".length();
    int learned = "a<|im_end|>".length() + "long<|im_end|>".length();
    assertTrue(
        shown
            .output()
            .startsWith(
                "2 documents, " + (2 * longer - 3) + " tokens, " + learned + " of them learned ("),
        shown.output());
    assertTrue(shown.output().contains(longer + " in the longest document"), shown.output());
    assertTrue(shown.output().contains(first + "[[a<|im_end|>]]"), shown.output());
    assertTrue(shown.output().contains("document 1: "), shown.output());
    assertTrue(!shown.output().contains("document 2: "), shown.output());
  }

  /** Also of a cached corpus, which is not read again. */
  @Test
  void recordsMessagesAndSequencesAreCounted() {
    Program program = new Program(folder);
    String system = "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}]}\n";
    Path talks = program.write("talks.jsonl", TALKS + "[]\n" + system + TALKS + system);
    Path input =
        program.write(
            "talks.toml",
            "data = { path = \""
                + talks
                + "\", format = \"conversations\", template = \"chatml\", skipBad = true, cache = \""
                + folder.resolve("cache")
                + "\" }\n[train]\nsequence = 64\nsteps = 1\n");
    for (int time = 0; time < 2; time++) {
      var shown = program.inProcess(1, "show-data", input.toString());
      assertEquals(0, shown.exitCode(), shown.output());
      String lines = shown.output().replaceAll("\\s+", " ");
      assertTrue(lines.contains("7 records: 4 documents, 0 empty, 3 skipped "), lines);
      assertTrue(lines.contains("skipped 3 of 7 records (data.skipBad), by reason: "), lines);
      assertTrue(
          lines.contains("2 x the conversation has no answer to learn (" + talks + ":4)"), lines);
      assertTrue(lines.contains("1 x must be a JSON object (" + talks + ":3)"), lines);
      assertTrue(lines.contains("8 messages: 4 assistant, 4 user "), lines);
      assertTrue(
          lines.contains("sequences of 64 tokens: 2 documents are longer, none is truncated"),
          lines);
    }
  }

  /** Without a section [train], too: then sequences are as long as they must be. */
  @Test
  void trajectoriesAreShownWithTheirSizes() throws IOException {
    Program program = new Program(folder);
    Path episodes = folder.resolve("episodes");
    Episodes.write(episodes, 0, 10, 1, 2, 4);
    Episodes.write(episodes, 1, 20, 1, 1);
    String data = "data = { path = \"" + episodes + "\", format = \"trajectories\" }\n";
    String section = "trajectories = { arrangement = \"agentic\", count = 2, scale = 1 }\n";
    Path input = program.write("steps.toml", data + section);
    var shown = program.inProcess(2, "show-data", input.toString(), "-n", "1");
    assertEquals(0, shown.exitCode(), shown.output());
    String lines = shown.output().replaceAll("\\s+", " ");
    for (String part :
        List.of(
            "2 episodes of 1 task with 5 steps, returns 2.000 to 7.000, mean 4.500",
            "states of 2 numbers, actions of 2, at most 3 steps an episode; 16 numbers a position",
            "sequences of 24 positions: 4 a step, 2 trajectories of at most 3 steps",
            episodes.resolve("episode_000001_2.npz") + ": steps 0 to 1, return 2.00000 ",
            episodes.resolve("episode_000000_3.npz") + ": steps 0 to 2, return 7.00000 ",
            "step 0 of the sequence: return 7.000 state ",
            " action 20.00 -10.00 reward 1.000")) {
      assertTrue(lines.contains(part), part + " in " + lines);
    }
    Path wrong =
        program.write("wrong.toml", data + section + "[train]\nsequence = 20\nsteps = 1\n");
    var refused = program.inProcess(1, "show-data", wrong.toString());
    assertEquals(2, refused.exitCode(), refused.output());
    assertTrue(refused.output().contains("train.sequence = 20: must be 24: "), refused.output());
  }

  @Test
  void aBadEpisodeIsNamed() throws IOException {
    Program program = new Program(folder);
    Path bad = Episodes.write(folder.resolve("episodes"), 0, 10, 1, Float.NaN);
    Path input =
        program.write(
            "bad.toml",
            "data = { path = \"" + bad.getParent() + "\", format = \"trajectories\" }\n");
    var refused = program.inProcess(1, "show-data", input.toString());
    assertEquals(2, refused.exitCode(), refused.output());
    assertTrue(
        refused.output().contains(bad + ": reward has NaN in row 2, must be finite numbers"),
        refused.output());
  }

  @Test
  void aBrokenRecordIsNamed() {
    Program program = new Program(folder);
    Path talks = program.write("talks.jsonl", TALKS + "{\"messages\": []}\n");
    Path input =
        program.write(
            "talks.toml", "data = { path = \"" + talks + "\", format = \"conversations\" }\n");
    var refused = program.inProcess(1, "show-data", input.toString());
    assertEquals(2, refused.exitCode());
    assertTrue(refused.output().endsWith(":3: the conversation is empty"), refused.output());
  }
}
