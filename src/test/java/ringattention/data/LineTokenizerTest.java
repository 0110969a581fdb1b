package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.command.Sections;
import ringattention.data.lines.LineTask;
import ringattention.data.lines.LineTasks;
import ringattention.data.lines.LineTokenizerFile;
import ringattention.data.lines.LineVocabulary;
import ringattention.data.lines.LinesConfig;
import ringattention.input.Configuration;

/** The tokenizer of lines, as Hugging Face's library runs it. */
class LineTokenizerTest {
  private final Configuration configuration = Sections.INPUTS.defaults(List.of());
  private Tokenizer tokenizer;

  @BeforeEach
  void open() {
    tokenizer = Tokenizer.of("lines", "generate.tokenizer", configuration.source(), 576);
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  @Test
  void wordsArePlainAndDiffer() {
    List<String> texts = LineVocabulary.texts();
    assertEquals(LineVocabulary.SIZE, texts.size());
    assertEquals(texts.size(), new HashSet<>(texts).size());
    List<String> words = texts.subList(20, texts.size());
    assertEquals(2 * LineVocabulary.WORDS, words.size());
    words.forEach(word -> assertTrue(word.matches("[a-z]{3,12}"), word));
    assertEquals(words.subList(0, 256).stream().sorted().toList(), words.subList(0, 256));
    assertEquals(words.subList(256, 512).stream().sorted().toList(), words.subList(256, 512));
  }

  @Test
  void everyTokenIsItsText() {
    assertEquals(LineVocabulary.SIZE, tokenizer.vocabulary());
    for (int token = 0; token < LineVocabulary.SIZE; token++) {
      String text = LineVocabulary.texts().get(token);
      assertArrayEquals(new int[] {token}, tokenizer.encode(text), text);
      assertEquals(text, tokenizer.decode(new int[] {token}, true));
      assertEquals(token, tokenizer.token(text).orElseThrow());
    }
    assertEquals(">", LineVocabulary.texts().get(tokenizer.end()));
    assertEquals(0, tokenizer.begin().length);
  }

  @Test
  void textComesBackWhole() {
    LineTasks tasks =
        new LineTasks(configuration.get(LinesConfig.SECTION), 7, "tests of the tokenizer");
    for (int index = 0; index < 100; index++) {
      LineTask task = LineTask.of(tasks.draw(1 + index, 5, 0, index));
      String text = task.text();
      assertEquals(text, tokenizer.decode(tokenizer.encode(text), true));
      assertEquals(text, tokenizer.decode(tokenizer.encode(text), false));
      for (LineTask.Question question : task.questions()) {
        String answer = tokenizer.decode(tokenizer.encode(question.answer()), true);
        assertEquals(question.number() + ">", answer);
        assertTrue(text.contains(question.prompt() + question.answer() + "\n"));
        // a prompt's tokens are those that it has in the text
        assertEquals(
            tokenizer.encode(question.prompt() + question.answer()).length,
            tokenizer.encode(question.prompt()).length
                + tokenizer.encode(question.answer()).length);
      }
    }
    IllegalArgumentException unknown =
        assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("line good-bye: 1"));
    assertTrue(unknown.getMessage().startsWith("there is no token for a part of it"));
  }

  /** Any tokens have a text, and those of tasks are the only ones for it. */
  @Test
  void anyTokensHaveAText() {
    int[] all = IntStream.range(0, LineVocabulary.SIZE).toArray();
    assertEquals(String.join("", LineVocabulary.texts()), tokenizer.decode(all, false));
  }

  @Test
  void theFileIsReadBackEqual(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), LineTokenizerFile.json());
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \">\"}");
    try (Tokenizer read =
        Tokenizer.of(folder.toString(), "data.tokenizer", configuration.source(), 576)) {
      assertEquals(tokenizer.end(), read.end());
      assertEquals(tokenizer.endText(), read.endText());
      assertEquals(tokenizer.vocabulary(), read.vocabulary());
      List<String> lines = new ArrayList<>();
      LineTask task =
          LineTask.of(
              new LineTasks(configuration.get(LinesConfig.SECTION), 1, "file").filled(1000, 9, 3));
      lines.add(task.text());
      lines.add(task.context());
      lines.forEach(
          text -> {
            assertArrayEquals(tokenizer.encode(text), read.encode(text));
            assertEquals(text, read.decode(read.encode(text), true));
          });
    }
  }
}
