package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.config.Configuration;
import ringattention.config.InputException;

class TokenFileTest {
  @TempDir Path folder;

  /** More tokens and documents than any buffer holds. */
  @Test
  void readsWhatWasWritten() throws IOException {
    Path path = folder.resolve("tokens");
    int documents = 300_001;
    long tokens = 0;
    try (TokenFileWriter writer = new TokenFileWriter(path)) {
      for (int d = 0; d < documents; d++) {
        for (int i = 0; i <= d % 5; i++) {
          writer.add((int) tokens++ % 70_000, d % 2 == 0);
        }
        writer.endDocument();
      }
      writer.finish();
    }
    TokenFile file = TokenFile.open(path, Given.configuration(path).source(), 70_000);
    assertEquals(tokens, file.tokens());
    assertEquals(documents, file.documents());
    long at = 0;
    for (int d = 0; d < documents; d++) {
      assertEquals(1 + d % 5, file.lengths()[d]);
      if (d % 1000 < 2) {
        int first = (int) (at % 70_000);
        assertArrayEquals(
            new int[] {d % 2 == 0 ? first : ~first}, file.entries(at, 1), "document " + d);
      }
      at += file.lengths()[d];
    }
    assertThrows(IndexOutOfBoundsException.class, () -> file.entries(file.tokens() - 1, 2));
  }

  private TokenFile open(Configuration configuration, Path... files) {
    try (Tokenizer tokenizer = Tokenizer.of(configuration)) {
      return new TokenizedCorpus(configuration, tokenizer).open(List.of(files));
    }
  }

  private List<Path> kept(String ending) throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("cache"))) {
      return all.filter(path -> path.toString().endsWith(ending)).toList();
    }
  }

  @Test
  void aCorpusIsTokenizedOnceInACache() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    FileTime time = Files.getLastModifiedTime(text);
    Configuration cached = Given.configuration(text, "data.cache=" + folder.resolve("cache"));
    assertEquals(12, open(cached, text).tokens());
    // would give other tokens, if anyone looked: size and time are the same
    Files.writeString(text, "SOME WORDS\n");
    Files.setLastModifiedTime(text, time);
    assertArrayEquals(new int[] {'s', 'o'}, open(cached, text).entries(0, 2));
    Files.setLastModifiedTime(text, FileTime.fromMillis(time.toMillis() + 5000));
    assertArrayEquals(new int[] {'S', 'O'}, open(cached, text).entries(0, 2));
    Configuration other =
        Given.configuration(
            text,
            "data.cache=" + folder.resolve("cache"),
            "data.tokenizer=" + Given.PAIRS.toString());
    open(other, text);
    assertEquals(3, kept(".tokens").size());
    assertEquals(0, kept(".part").size());
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "4, 0", "0, 60"})
  void aBrokenCacheIsRefused(int missingFirst, int missingLast) throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    Configuration cached = Given.configuration(text, "data.cache=" + folder.resolve("cache"));
    open(cached, text).close();
    Path file = kept(".tokens").get(0);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOfRange(whole, missingFirst, whole.length - missingLast));
    InputException error = assertThrows(InputException.class, () -> open(cached, text));
    assertEquals(
        "-D data.cache = \"" + folder.resolve("cache") + "\": " + file + " is not whole: delete it",
        error.getMessage());
  }

  /** A flipped bit of the first token, and of the only document's length. */
  @ParameterizedTest
  @CsvSource({"1", "51"})
  void aTokenOrLengthThatCannotBeIsRefused(int flipped) throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    Configuration cached = Given.configuration(text, "data.cache=" + folder.resolve("cache"));
    open(cached, text).close();
    Path file = kept(".tokens").get(0);
    byte[] bytes = Files.readAllBytes(file);
    bytes[flipped] ^= 0x10;
    Files.write(file, bytes);
    InputException error =
        assertThrows(InputException.class, () -> open(cached, text).entries(0, 12));
    assertTrue(error.getMessage().endsWith(file + " is corrupted: delete it"), error.getMessage());
  }

  @Test
  void anUnusableFolderIsAnError() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    Configuration cached = Given.configuration(text, "data.cache=" + text);
    InputException error = assertThrows(InputException.class, () -> open(cached, text));
    assertTrue(
        error.getMessage().contains("data.cache = \"" + text + "\": tokens cannot be kept"),
        error.getMessage());
  }
}
