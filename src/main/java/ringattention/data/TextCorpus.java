package ringattention.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import ringattention.config.DataConfig;
import ringattention.config.InputException;

/** All text of a file or a folder as one row of bytes, files in the order of their paths, a newline between them. */
public final class TextCorpus {
  private final byte[] bytes;

  private TextCorpus(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * @throws InputException naming data.path if it is missing, unreadable, empty or larger than 2 GiB
   */
  public static TextCorpus read(DataConfig data) {
    Path path = Path.of(data.path());
    if (!Files.exists(path)) {
      throw wrong(data, "there is no such file or folder");
    }
    try {
      List<Path> files = files(path, data.extensions());
      long size = files.size();
      for (Path file : files) {
        size += Files.size(file);
      }
      if (size > Integer.MAX_VALUE - 8) {
        throw wrong(data, "holds more than 2 GiB of text");
      }
      byte[] bytes = join(files, (int) size);
      if (bytes.length == 0) {
        throw wrong(data, files.isEmpty() ? "holds no text files" : "is empty");
      }
      return new TextCorpus(bytes);
    } catch (IOException e) {
      throw wrong(data, "cannot be read: " + e);
    } catch (UncheckedIOException e) {
      throw wrong(data, "cannot be read: " + e.getCause());
    }
  }

  private static List<Path> files(Path path, List<String> extensions) throws IOException {
    if (Files.isRegularFile(path)) {
      return List.of(path);
    }
    try (Stream<Path> walk = Files.walk(path)) {
      return walk.filter(Files::isRegularFile)
          .filter(
              file ->
                  extensions.isEmpty() || extensions.stream().anyMatch(file.toString()::endsWith))
          .sorted()
          .toList();
    }
  }

  private static byte[] join(List<Path> files, int most) throws IOException {
    byte[] joined = new byte[most];
    int size = 0;
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > 0) {
        if (size > 0) {
          joined[size++] = '\n';
        }
        System.arraycopy(bytes, 0, joined, size, bytes.length);
        size += bytes.length;
      }
    }
    return Arrays.copyOf(joined, size);
  }

  private static InputException wrong(DataConfig data, String reason) {
    return new InputException(
        "data.path = \"" + data.path() + "\": " + reason + (data.extensions().isEmpty() ? "" : " (data.extensions = " + data.extensions() + ")"));
  }

  /** How many bytes, which are tokens. */
  public int size() {
    return bytes.length;
  }

  /** The token at a place: one byte, 0 to 255. */
  int token(int index) {
    return bytes[index] & 0xFF;
  }
}
