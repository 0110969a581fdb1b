package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
