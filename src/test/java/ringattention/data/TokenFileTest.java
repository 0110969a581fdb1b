package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

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
      writer.finish(CorpusCounts.NONE);
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

  /** More documents than are read at a time, of one token each; a token of the model, or not. */
  @Test
  void readsManyDocuments() throws IOException {
    Path path = folder.resolve("many");
    int documents = (1 << 20) + 5;
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      TokenFileWriter writer = new TokenFileWriter(channel);
      for (int d = 0; d < documents; d++) {
        for (int i = 0; i < 1 + (d == documents - 2 ? 1 : 0); i++) {
          writer.add(7, true);
        }
        writer.endDocument();
      }
      writer.finish(CorpusCounts.NONE);
    }
    try (TokenFile file = TokenFile.open(path, Given.configuration(path).source(), 8)) {
      assertEquals(documents + 1, file.tokens());
      assertEquals(documents, file.lengths().length);
      assertEquals(2, file.lengths()[documents - 2]);
      assertEquals(0, file.entries(3, 0).length);
    }
    try (TokenFile file = TokenFile.open(path, Given.configuration(path).source(), 7)) {
      assertThrows(InputException.class, () -> file.entries(0, 1));
    }
  }

  /** The first token of a document is nobody's label, and a masked one is none. */
  @ParameterizedTest
  @CsvSource({"1, true, false", "2, false, false", "2, true, true", "70001, false, false"})
  void knowsWhetherThereIsALabel(int length, boolean lastPredicted, boolean expected)
      throws IOException {
    Path path = folder.resolve("labels");
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      TokenFileWriter writer = new TokenFileWriter(channel);
      for (int document = 0; document < 3; document++) {
        for (int i = 0; i < length; i++) {
          writer.add(i, i == 0 || lastPredicted && i == length - 1);
        }
        writer.endDocument();
      }
      writer.finish(CorpusCounts.NONE);
    }
    try (TokenFile file = TokenFile.open(path, Given.configuration(path).source(), 80_000)) {
      assertEquals(expected, file.hasLabel());
    }
  }

  private TokenFile open(Configuration configuration, Path... files) {
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
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
    Configuration cached = Given.configuration(text, "data.cache=" + folder.resolve("cache"));
    assertEquals(12, open(cached, text).tokens());
    // what is kept is taken as it is, whatever it has
    Path loud = Files.writeString(folder.resolve("loud"), "SOME WORDS\n");
    open(Given.configuration(loud, "data.cache=" + folder.resolve("loud cache")), loud);
    try (Stream<Path> all = Files.list(folder.resolve("loud cache"))) {
      Path other = all.filter(path -> path.toString().endsWith(".tokens")).findFirst().get();
      Files.move(other, kept(".tokens").get(0), StandardCopyOption.REPLACE_EXISTING);
    }
    assertArrayEquals(new int[] {'S', 'O'}, open(cached, text).entries(0, 2));
    Files.setLastModifiedTime(text, FileTime.fromMillis(5000));
    assertArrayEquals(new int[] {'s', 'o'}, open(cached, text).entries(0, 2));
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
    Thread reader = new Thread(() -> Given.tokens(fifo).close());
    reader.start();
    try (OutputStream text = Files.newOutputStream(fifo)) { // waits for the reader
      text.write("some words".getBytes(UTF_8));
      List<String> open = openTokenFiles();
      assertFalse(open.isEmpty());
      assertTrue(open.stream().allMatch(name -> name.endsWith(" (deleted)")), open.toString());
    } finally {
      reader.join();
    }
  }

  /** Open files of this process by the names that the system has for them. */
  private static List<String> openTokenFiles() throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : open) {
        if (Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS)) {
          names.add(Files.readSymbolicLink(descriptor).toString());
        }
      }
    }
    return names.stream()
        .filter(name -> name.contains("/ringattention-") && name.contains(".tokens"))
        .toList();
  }

  @Test
  void anUnusableFolderIsAnError() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "some words\n");
    Configuration cached = Given.configuration(text, "data.cache=" + text);
    InputException error = assertThrows(InputException.class, () -> open(cached, text));
    assertTrue(
        error.getMessage().contains("data.cache = \"" + text + "\": tokens cannot be kept"),
        error.getMessage());
    assertTrue(error.getMessage().endsWith(": it is no folder that exists"), error.getMessage());
  }
}
