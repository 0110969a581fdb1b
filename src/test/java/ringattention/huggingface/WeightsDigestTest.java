package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;

class WeightsDigestTest {
  private static final Parameter LARGE =
      new Parameter("large", Parameter.Initial.NORMAL, 4, 1 << 23); // 128 MiB
  private static final Parameter SMALL = new Parameter("small", Parameter.Initial.ONES, 1000);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void configuration() throws IOException {
    file = folder.resolve("model.safetensors");
    Files.writeString(folder.resolve("config.json"), "{}");
  }

  /** Makes a sparse file of zeros. */
  private void write(Parameter... tensors) throws IOException {
    try (SafetensorsWriter writer = new SafetensorsWriter(file, StoredType.F32, List.of(tensors))) {
      writer.create();
    }
  }

  private String digest(Parameter... tensors) {
    List<ParameterGroup> groups = List.of(new ParameterGroup("all", List.of(tensors)));
    try (HuggingFaceFolder opened = HuggingFaceFolder.open(folder, groups, false)) {
      return opened.digest();
    }
  }

  private void flip(long fromEnd) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() - fromEnd);
      bytes.write(1);
    }
  }

  @Test
  void everyByteOfASmallFileCounts() throws IOException {
    write(SMALL);
    String before = digest(SMALL);
    assertEquals(before, digest(SMALL));
    for (long fromEnd : new long[] {1, 1777, 4000}) {
      flip(fromEnd);
      String after = digest(SMALL);
      assertNotEquals(before, after, fromEnd + " from the end");
      before = after;
    }
  }

  /** The first, the last and two places between of each; a small tensor whole. */
  @Test
  void aLargeFileIsSampled() throws IOException {
    write(LARGE, SMALL);
    String before = digest(LARGE, SMALL);
    long end = 4000;
    long size = 1L << 27;
    long third = (size - (16 << 10)) / 3;
    long[] places = {end / 2, end + 1, end + size, end + size - third, end + size - 2 * third};
    for (long fromEnd : places) {
      flip(fromEnd);
      String after = digest(LARGE, SMALL);
      assertNotEquals(before, after, fromEnd + " from the end");
      before = after;
    }
    flip(end + size / 2);
    assertEquals(before, digest(LARGE, SMALL)); // as docs/checkpoints.md says
  }

  @Test
  void configurationAndNamesCount() throws IOException {
    write(SMALL);
    String before = digest(SMALL);
    Files.writeString(folder.resolve("config.json"), "{\"rms_norm_eps\": 1e-6}");
    String after = digest(SMALL);
    assertNotEquals(before, after);
    Parameter other = new Parameter("other", Parameter.Initial.ONES, 1000);
    Files.delete(file);
    write(other);
    assertNotEquals(after, digest(other));
  }
}
