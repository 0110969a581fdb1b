package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.input.Configuration;

class ConversationsTest {
  private static final String SYSTEM =
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
          + " helpful, detailed, and polite answers to the user's questions.";
  private static final String TWO_TURNS =
      """
      {"id": 1, "conversations": [
        {"from": "human", "value": "q\\ud83d\\ude00"}, {"from": "gpt", "value": "yes \\u00e9"},
        {"from": "human", "value": "ok"}, {"from": "gpt", "value": "no"}]}""";

  @TempDir Path folder;

  private TokenFile tokens(String json, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve("talk.json"), json);
    String[] all = Arrays.copyOf(more, more.length + 1);
    all[more.length] = "data.format=conversations";
    Configuration configuration = Given.configuration(file, all);
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
      return new TokenizedCorpus(configuration, tokenizer).open(List.of(file));
    }
  }

  private static int[] all(TokenFile file) {
    return file.entries(0, (int) file.tokens());
  }

  /** The text of byte tokens, those to be learned between brackets. */
  private static String marked(int[] entries) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    boolean learned = false;
    for (int entry : entries) {
      if (entry >= 0 != learned) {
        text.write(learned ? ']' : '[');
        learned = !learned;
      }
      text.write(entry < 0 ? ~entry : entry);
    }
    return text.toString(UTF_8) + (learned ? "]" : "");
  }

  @Test
  void onlyWhatTheAssistantSaysIsLearned() throws IOException {
    assertEquals(
        SYSTEM + " USER: q\ud83d\ude00 ASSISTANT:[ yes \u00e9\n]USER: ok ASSISTANT:[ no\n]",
        marked(all(tokens("[" + TWO_TURNS + "]"))));
  }

  /**
   * As Hugging Face's library tokenizes the whole text with its special tokens: what a trained
   * model sees when it is asked. The answer's first token includes the space.
   */
  @Test
  void tokensAreThoseOfTheWholeText() throws IOException {
    int[] entries = all(tokens("[" + TWO_TURNS + "]", "data.tokenizer=" + Given.PAIRS));
    String whole =
        SYSTEM + " USER: q\ud83d\ude00 ASSISTANT: yes \u00e9</s>USER: ok ASSISTANT: no</s>";
    Configuration pairs = Given.configuration(folder, "data.tokenizer=" + Given.PAIRS);
    int[] expected;
    try (Tokenizer tokenizer = Given.tokenizer(pairs)) {
      expected = tokenizer.encode(whole);
    }
    assertEquals(~1, entries[0]); // <s>
    assertArrayEquals(expected, Arrays.stream(entries).skip(1).map(TokenStream::token).toArray());
    // "_yes" "_" two bytes of e with an accent "</s>", "_no" "</s>"
    assertArrayEquals(
        new int[] {363, 259, 198, 172, 2, 360, 2},
        Arrays.stream(entries).filter(entry -> entry >= 0).toArray());
  }

  /** In a sequence a label stands one place before the token it names. */
  @Test
  void labelsOfASequence() throws IOException {
    String[] pairs = {"data.format=conversations", "data.tokenizer=" + Given.PAIRS};
    int[] entries = all(tokens(TWO_TURNS.replace("\n", ""), pairs));
    int length = entries.length;
    Samples samples =
        Given.samples(
            Given.configuration(
                folder.resolve("talk.json"), pairs[0], pairs[1], "train.sequence=" + length));
    Sample sample = samples.sample(3);
    assertArrayEquals(Arrays.stream(entries).map(TokenStream::token).toArray(), sample.tokens());
    for (int i = 0; i < length; i++) {
      boolean learned = i + 1 < length && entries[i + 1] >= 0;
      assertEquals(learned ? entries[i + 1] : Sample.NO_LABEL, sample.labels()[i], "at " + i);
    }
    assertEquals(7, samples.labels(3));
  }

  @Test
  void rolesAndMessages() throws IOException {
    String json =
        """
        {"talk": [{"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Hi"},
          {"role": "user", "content": "q"}, {"role": "assistant", "content": ""},
          {"role": "user", "content": "unanswered"}]}"""
            .replace("\n", "");
    assertEquals("Be brief. USER: q ASSISTANT:[ \n]", marked(all(tokens(json, "data.field=talk"))));
  }

  @Test
  void conversationsInLinesOrInArrays() throws IOException {
    String line = TWO_TURNS.replace("\n", "");
    int[] one = tokens(line).lengths();
    assertArrayEquals(new int[] {one[0], one[0]}, tokens(line + "\n\n" + line + "\n").lengths());
    assertArrayEquals(
        new int[] {one[0], one[0]},
        tokens(" \n[" + TWO_TURNS + ",\n" + TWO_TURNS + "]\n").lengths());
    assertArrayEquals(
        new int[] {one[0], one[0], one[0]},
        tokens("[" + TWO_TURNS + "]\n\n[" + TWO_TURNS + "," + TWO_TURNS + "]\n").lengths());
  }
}
