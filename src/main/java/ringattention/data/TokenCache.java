package ringattention.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A folder of tokenized corpora that processes share. Whoever locks a name first makes its file;
 * the lock of a process that dies is free.
 */
record TokenCache(Path folder) {
  private static final String WHOLE = ".tokens";
  private static final String PARTIAL = ".partial";
  private static final String LOCK = ".lock";

  /** Writes a file. */
  interface Maker {
    void write(FileChannel to) throws IOException;
  }

  /** Returns the file of this name, which is made if there is none. */
  Path file(String name, Maker maker) throws IOException {
    Files.createDirectories(folder);
    Path whole = folder.resolve(name + WHOLE);
    if (Files.exists(whole)) {
      return whole;
    }
    try (FileChannel lock = lockFile(name);
        FileLock held = lock.lock()) {
      if (!Files.exists(whole)) {
        removeAbandoned(name);
        Path partial = folder.resolve(name + PARTIAL);
        try (FileChannel to =
            FileChannel.open(
                partial,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
          maker.write(to);
        } catch (IOException | RuntimeException failed) {
          Files.deleteIfExists(partial);
          throw failed;
        }
        Files.move(partial, whole, StandardCopyOption.ATOMIC_MOVE);
      }
      return whole;
    }
  }

  private FileChannel lockFile(String name) throws IOException {
    return FileChannel.open(
        folder.resolve(name + LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** A killed process leaves gigabytes, and its corpus may never be asked for again. */
  private void removeAbandoned(String mine) throws IOException {
    try (DirectoryStream<Path> partials = Files.newDirectoryStream(folder, "*" + PARTIAL)) {
      for (Path partial : partials) {
        String file = partial.getFileName().toString();
        String name = file.substring(0, file.length() - PARTIAL.length());
        if (!name.equals(mine)) {
          removeIfAbandoned(name, partial);
        }
      }
    }
  }

  private void removeIfAbandoned(String name, Path partial) throws IOException {
    try (FileChannel lock = lockFile(name);
        FileLock held = lock.tryLock()) {
      if (held != null) {
        Files.deleteIfExists(partial);
      }
    } catch (OverlappingFileLockException inThisProcess) {
      return; // is being written
    }
  }
}
