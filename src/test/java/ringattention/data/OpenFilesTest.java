package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** A process that opens many corpora must not run out of open files, nor keep a deleted one. */
class OpenFilesTest {
  @TempDir Path folder;
  private Path lines;

  @BeforeEach
  void write() throws IOException {
    lines = Files.writeString(folder.resolve("lines"), "{\"text\": \"some words\"}\n".repeat(30));
  }

  private Configuration configuration(String... keys) {
    String[] all = Arrays.copyOf(keys, keys.length + 2);
    all[keys.length] = "data.format=jsonl";
    all[keys.length + 1] = "data.cache=" + folder.resolve("cache");
    return Given.configuration(lines, all);
  }

  /** Returns how many files of the cache this process has open. */
  private int open() throws IOException {
    int count = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path one : all) {
        if (Files.exists(one, LinkOption.NOFOLLOW_LINKS)
            && Files.readSymbolicLink(one).startsWith(folder.toRealPath().resolve("cache"))) {
          count++;
        }
      }
    }
    return count;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data.documents=true",
        "data.documents=false",
        "validation.fraction=0.5",
      })
  void closedSamplesLeaveNoneOpen(String key) throws IOException {
    Configuration configuration = configuration(key);
    try (Samples samples = Given.samples(configuration)) {
      assertEquals(1, open());
    }
    assertEquals(0, open());
    try (HeldOutSamples samples = Given.heldOut(configuration)) {
      assertEquals(1, open());
    }
    assertEquals(0, open());
  }

  @Test
  void documentsThatAreTooFewLeaveNoneOpen() throws IOException {
    for (String key : new String[] {"data.documents=true", "data.documents=false"}) {
      Configuration configuration = configuration(key, "train.sequence=100000");
      assertThrows(InputException.class, () -> Given.samples(configuration));
      assertEquals(0, open());
    }
  }

  /** One byte more, and a length that cannot be: found when the file is open already. */
  @Test
  void aBrokenFileIsClosed() throws IOException {
    Configuration configuration = configuration();
    Given.samples(configuration).close();
    Path file;
    try (Stream<Path> all = Files.list(folder.resolve("cache"))) {
      file = all.filter(one -> one.toString().endsWith(".tokens")).findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    assertThrows(InputException.class, () -> Given.samples(configuration));
    assertEquals(0, open());
    byte[] wrong = whole.clone();
    wrong[30 * 11 * 4 + 1] ^= 0x10; // the first document's length
    Files.write(file, wrong);
    assertThrows(InputException.class, () -> Given.samples(configuration));
    assertEquals(0, open());
  }
}
