package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A text file that grows by whole lines, each on disk when {@link #line} returns. */
public final class LineFile implements AutoCloseable {
  private final Path path;
  private final Writer writer;

  /**
   * @param more whether it goes on after what is there; else it starts empty
   */
  LineFile(Path path, boolean more) {
    this.path = path;
    try {
      this.writer =
          Files.newBufferedWriter(
              path,
              UTF_8,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              more ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING);
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
  }

  /**
   * @throws OutputException if the line cannot be written
   */
  public synchronized void line(String text) {
    try {
      writer.write(text);
      writer.write('\n');
      writer.flush();
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
  }
}
