package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps a run's folder to one run: a lock on its file {@code run.lock}, which says whose it is. The
 * system drops the lock when the process ends, however it ends, so what a killed run leaves behind
 * is in nobody's way. Where a file system has no locks, a process of this host that is alive counts
 * as one.
 */
public final class RunLock implements AutoCloseable {
  static final String FILE = "run.lock";

  private static final int ATTEMPTS = 100; // each fails only if another run ends at that moment
  private static final int LONGEST = 300;

  private final Path file;
  private final FileChannel channel;

  private RunLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * @param folder that exists
   * @throws OutputException if another run has it, or it cannot be written
   */
  public static RunLock take(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        Optional<RunLock> lock = attempt(folder, file);
        if (lock.isPresent()) {
          return lock.get();
        }
      }
      throw new IOException("other runs take and leave it all the time");
    } catch (IOException e) {
      throw RunFolder.cannotWrite(file, e);
    }
  }

  /** Empty if the file was removed by its owner meanwhile. */
  private static Optional<RunLock> attempt(Path folder, Path file) throws IOException {
    FileChannel channel = null;
    boolean taken = false;
    try {
      Object made = make(file);
      channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      String holder = read(channel);
      if (!lock(channel, holder)) {
        throw new OutputException(
            "output folder "
                + folder
                + " is in use by another run"
                + LockHolder.parse(holder).map(process -> ", " + process).orElse(""));
      }
      taken = made.equals(key(file));
      if (taken) {
        write(channel, LockHolder.here().text());
      }
      return taken ? Optional.of(new RunLock(file, channel)) : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } finally {
      if (!taken && channel != null) {
        channel.close();
      }
    }
  }

  /** Which file it is, made if it is not there. */
  private static Object make(Path file) throws IOException {
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) { // of a run that goes on, or of one that was killed
    }
    return key(file);
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private static boolean lock(FileChannel channel, String holder) {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) { // no locks here
      return !isAlive(holder);
    }
  }

  static boolean isAlive(String holder) {
    return LockHolder.parse(holder)
        .filter(process -> process.state() == LockHolder.State.ALIVE)
        .isPresent();
  }

  /** Returns the process that a folder's lock names; empty if there is no lock or it names none. */
  static Optional<LockHolder> holder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder.resolve(FILE), StandardOpenOption.READ)) {
      return LockHolder.parse(read(channel));
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  /** Returns when the lock of a folder was taken last; empty if there is none. */
  static Optional<Instant> taken(Path folder) {
    try {
      return Optional.of(Files.getLastModifiedTime(folder.resolve(FILE)).toInstant());
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(LONGEST);
    channel.read(text, 0);
    return new String(text.array(), 0, text.position(), UTF_8).strip();
  }

  private static void write(FileChannel channel, String holder) throws IOException {
    channel.truncate(0);
    channel.write(ByteBuffer.wrap((holder + "\n").getBytes(UTF_8)), 0);
  }

  /** Leaves the folder to others. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(file); // while it is locked: nobody else's can be meant
      channel.close();
    } catch (IOException e) {
      throw RunFolder.cannotWrite(file, e);
    }
  }
}
