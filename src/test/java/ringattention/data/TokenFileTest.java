package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
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
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      TokenFileWriter writer = new TokenFileWriter(channel);
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
    assertEquals(0, kept(".partial").size());
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

  /** A file that a killed process left is replaced, or removed if its corpus is another. */
  @Test
  void abandonedPartsDoNotStay() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    Configuration cached = Given.configuration(text, "data.cache=" + folder.resolve("cache"));
    open(cached, text).close();
    Path whole = kept(".tokens").get(0);
    String name = whole.getFileName().toString().replace(".tokens", "");
    Files.delete(whole);
    Files.write(whole.resolveSibling(name + ".partial"), new byte[1000]);
    Files.write(whole.resolveSibling("other.partial"), new byte[1000]);
    Path written = Files.write(whole.resolveSibling("held.partial"), new byte[1000]);
    try (FileChannel lock =
            FileChannel.open(
                whole.resolveSibling("held.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = lock.lock()) {
      assertEquals(12, open(cached, text).tokens());
      assertEquals(List.of(written), kept(".partial"));
    }
    assertEquals(List.of(whole), kept(".tokens"));
  }

  @Test
  void whatIsRefusedLeavesNoPart() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "no json\n");
    Configuration cached =
        Given.configuration(text, "data.format=jsonl", "data.cache=" + folder.resolve("cache"));
    assertThrows(InputException.class, () -> open(cached, text));
    assertEquals(List.of(), kept(".partial"));
  }

  /** While documents are read, the file for their tokens has no name any more. */
  @Test
  void aTemporaryFileHasNoNameBeforeItHasContent() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    Path mine = Files.createDirectory(folder.resolve("temporary"));
    String usual = System.setProperty("java.io.tmpdir", mine.toString());
    Thread reader = new Thread(() -> Given.tokens(fifo).close());
    reader.start();
    try (OutputStream text = Files.newOutputStream(fifo)) { // waits for the reader
      text.write("some words".getBytes(UTF_8));
      try (Stream<Path> all = Files.list(mine)) {
        assertEquals(List.of(), all.toList());
      }
    } finally {
      reader.join();
      System.setProperty("java.io.tmpdir", usual);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anUnusableTemporaryFolderIsNamed(boolean exists) throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    Path temporary = exists ? Path.of("/proc/self/fd") : folder.resolve("none");
    String usual = System.setProperty("java.io.tmpdir", temporary.toString());
    try {
      InputException error = assertThrows(InputException.class, () -> Given.tokens(text));
      String message = error.getMessage();
      assertTrue(message.contains("in a file in " + temporary + " (the environment's"), message);
      assertTrue(exists || message.endsWith("it is no folder that exists"), message);
    } finally {
      System.setProperty("java.io.tmpdir", usual);
    }
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
