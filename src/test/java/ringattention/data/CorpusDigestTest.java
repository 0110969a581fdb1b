package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What ranks and resumed runs compare to know that they learn from the same corpus. */
class CorpusDigestTest {
  private static final String ASKED =
      "{\"conversations\": [{\"from\": \"human\", \"value\": \"Q\"},"
          + " {\"from\": \"gpt\", \"value\": \"A\"}]}\n";

  @TempDir Path folder;

  private String digest(Path corpus, String... more) {
    try (Samples samples = Given.samples(Given.configuration(corpus, more))) {
      return samples.digest();
    }
  }

  private Path file(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    return Files.writeString(folder.resolve(name), text);
  }

  @ParameterizedTest
  @CsvSource({"text, false", "text, true", "jsonl, true", "jsonl, false"})
  void contentsDecideNotNamesOrTimes(String format, boolean documents) throws IOException {
    String text = "{\"text\": \"some words that are long enough\"}\n";
    Path first = file("a/one", text);
    Path second = file("b/two", text);
    Files.setLastModifiedTime(second, FileTime.fromMillis(1_000_000));
    Path other = file("c/one", text.replace('w', 'v'));
    String[] how = {"data.format=" + format, "data.documents=" + documents};
    String digest = digest(first, how);
    assertTrue(digest.matches("[0-9a-f]{64}"), digest);
    assertEquals(digest, digest(second, how));
    assertEquals(digest, digest(folder.resolve("a"), how));
    assertNotEquals(digest, digest(other, how));
    file("a/two", text);
    assertNotEquals(digest, digest(folder.resolve("a"), how));
  }

  /** Corpora are read for it in pieces; the last is shorter. */
  @Test
  void allOfALongFileIsInIt() throws IOException {
    byte[] long1 = new byte[(1 << 20) + 17];
    Path one = Files.write(Files.createDirectory(folder.resolve("long")).resolve("a"), long1);
    String digest = digest(one);
    long1[long1.length - 1] = 1;
    assertNotEquals(digest, digest(Files.write(one, long1)));
  }

  /** Two values are not one that is written differently. */
  @Test
  void valuesAreApart() {
    assertNotEquals(Digest.of("ab", "c"), Digest.of("a", "bc"));
  }

  /** Checkpoints know parts of a corpus by it. */
  @Test
  void numbersAreAsTheyAreWrittenInAText() {
    for (int[] numbers : new int[][] {{}, {7}, {1, 20, 300}}) {
      assertEquals(Digest.of("x", Arrays.toString(numbers)), Digest.of("x", numbers));
    }
  }

  /** All three have the same bytes, with or without a newline between files. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void documentsAreInIt(boolean documents) throws IOException {
    file("early/a", "a first part");
    file("early/b", "\na second part");
    file("late/a", "a first part\n");
    file("late/b", "a second part");
    Path one = file("one", "a first part\n\na second part");
    String how = "data.documents=" + documents;
    assertNotEquals(digest(folder.resolve("early"), how), digest(folder.resolve("late"), how));
    assertNotEquals(digest(folder.resolve("early"), how), digest(one, how));
  }

  @Test
  void whatIsLearnedIsInIt() throws IOException {
    Path asked = file("asked", ASKED);
    Path told =
        file(
            "told",
            "{\"text\": \"A chat between a curious user and an artificial intelligence assistant."
                + " The assistant gives helpful, detailed, and polite answers to the user's"
                + " questions. USER: Q ASSISTANT: A\"}\n");
    String ofAsked = digest(asked, "data.format=conversations");
    try (Samples samples =
        Given.samples(Given.configuration(told, "data.format=jsonl", "data.field=text"))) {
      try (Samples same = Given.samples(Given.configuration(asked, "data.format=conversations"))) {
        assertEquals(samples.tokens(), same.tokens());
      }
      assertNotEquals(samples.digest(), ofAsked);
    }
  }

  @Test
  void theTokenizerIsInIt() throws IOException {
    Path text = file("text", "yes no yes no yes no yes no yes no yes no yes no yes no");
    assertNotEquals(
        digest(text), digest(text, "data.tokenizer=" + Given.PAIRS, "data.documents=true"));
  }

  /** Whoever finds the tokens in a cache has the digest of whoever made them. */
  @Test
  void theCacheKeepsIt() throws IOException {
    Path text = file("text", ASKED);
    String[] cached = {"data.format=conversations", "data.cache=" + folder.resolve("cache")};
    String made = digest(text, cached);
    assertEquals(made, digest(text, cached));
    assertEquals(made, digest(text, "data.format=conversations"));
  }
}
