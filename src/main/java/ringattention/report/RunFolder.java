package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The folder of one run. Files written once appear whole or not at all; files that grow are flushed
 * line by line. Every failure is an {@link OutputException}.
 */
public final class RunFolder implements AutoCloseable {
  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final String LOG = "run.log";

  private final Path path;
  private final RunLock lock;
  private final boolean resumed;
  private final boolean made; // by this run
  private final List<LineFile> open = new ArrayList<>();
  private boolean closed;
  private Optional<TensorBoard> board = Optional.empty();

  private RunFolder(Path path, RunLock lock, boolean resumed, boolean made) {
    this.made = made;
    this.path = path;
    this.lock = lock;
    this.resumed = resumed;
  }

  /**
   * Name of a run's folder: {@code <input>-<job id>}, or {@code <input>-<UTC time>} without a job.
   *
   * @param input path of the input file; its folders and extension are dropped
   * @param jobId of the batch system, or null
   */
  public static String name(String input, String jobId, Instant start) {
    String file = Path.of(input).getFileName().toString();
    int dot = file.lastIndexOf('.');
    String base = dot > 0 ? file.substring(0, dot) : file;
    return base + "-" + (jobId != null ? jobId : UTC.format(start));
  }

  /**
   * Makes the folder and those above it. That of a run that ended before its first step, and left
   * nothing but how it began, is taken as if it were empty.
   *
   * @throws OutputException if it cannot be written, or holds the log of another run
   */
  public static RunFolder create(Path path) {
    return create(path, !Files.exists(path));
  }

  private static RunFolder create(Path path, boolean made) {
    try {
      Files.createDirectories(path);
      Files.delete(Files.createTempFile(path, ".writable", null));
    } catch (IOException e) {
      throw cannotWriteInto(path, e);
    }
    RunLock lock = RunLock.take(path);
    boolean used = Files.exists(path.resolve(LOG));
    if (used && !FailedStart.isAllOf(path)) {
      lock.close();
      throw new OutputException(
          "output folder "
              + path
              + " cannot be written: it holds the run.log of another run; give another folder with -o,"
              + " continue that run with --resume, or remove the folder");
    }
    try {
      if (used) {
        FailedStart.remove(path);
      }
    } catch (IOException e) {
      lock.close();
      throw cannotWriteInto(path, e);
    }
    return new RunFolder(path, lock, false, made);
  }

  /**
   * Makes a folder that was not there. Where runs of one input begin in the same second, the later
   * ones get a number behind the name.
   *
   * @throws OutputException if it cannot be written
   */
  public static RunFolder createNew(Path path) {
    Path own = path;
    for (int number = 2; ; number++) {
      try {
        Files.createDirectories(path.toAbsolutePath().getParent());
        return create(Files.createDirectory(own), true);
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(own)) {
          throw cannotWrite(own, e);
        }
        own = path.resolveSibling(path.getFileName() + "-" + number);
      } catch (IOException e) {
        throw cannotWriteInto(own, e);
      }
    }
  }

  /**
   * Goes on with the folder of a run: its files grow further from where they were at a step.
   *
   * @param lock of that folder, which is released with it
   * @throws OutputException if a file of it cannot be written
   */
  public static RunFolder resume(Path path, RunLock lock, long step) {
    Rewind.to(step, path);
    return new RunFolder(path, lock, true, false);
  }

  /** Whether a folder holds a run, however far it came. */
  public static boolean holdsRun(Path path) {
    return Files.exists(path.resolve(LOG));
  }

  /** Whether a folder holds a run that came to its end, valid or with a failed check. */
  public static boolean isFinished(Path path) {
    try {
      String summary = Files.readString(path.resolve("summary.json"));
      int exitCode = new ObjectMapper().readTree(summary).path("exit_code").asInt(-1);
      return exitCode == 0 || exitCode == 3;
    } catch (IOException e) {
      return false;
    }
  }

  public Path path() {
    return path;
  }

  /** Starts a file that grows by lines, or goes on with it; the folder closes it. */
  public LineFile append(String name) {
    LineFile file = new LineFile(path.resolve(name), resumed);
    open.add(file);
    return file;
  }

  /**
   * Opens a file like {@link #append(String)}, for a table. Lines of a file that goes on, of an
   * earlier version of the program that had fewer columns, get empty cells for the rest.
   *
   * @param heading its first line; a file that goes on must have the same, or its first columns
   */
  public LineFile append(String name, String heading) {
    List<String> before = before(name);
    if (!before.isEmpty() && !before.get(0).equals(heading)) {
      if (!heading.startsWith(before.get(0) + ",")) {
        throw new OutputException(
            path.resolve(name) + " has other columns than this run: " + before.get(0));
      }
      String cells = heading.substring(before.get(0).length()).replaceAll("[^,]", "");
      StringBuilder wider = new StringBuilder(heading).append('\n');
      before.stream().skip(1).forEach(line -> wider.append(line).append(cells).append('\n'));
      write(name, wider.toString());
    }
    LineFile file = append(name);
    if (before.isEmpty()) {
      file.line(heading);
    }
    return file;
  }

  /**
   * Starts a file of curves for TensorBoard; the folder closes it.
   *
   * @param after the step that this part of the run goes on from; 0: it begins
   */
  public TensorBoard tensorBoard(long after) {
    board = Optional.of(new TensorBoard(path, after, Clock.systemUTC()));
    return board.get();
  }

  /** The lines of a file that goes on; none if it starts. */
  public List<String> before(String name) {
    if (!resumed) {
      return List.of();
    }
    try {
      return Files.readAllLines(path.resolve(name), UTF_8);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new OutputException("cannot read " + path.resolve(name) + ": " + reason(e), e);
    }
  }

  /** Writes a whole file at once, replacing an older one. */
  public void write(String name, String text) {
    write(name, text.getBytes(UTF_8));
  }

  /**
   * Writes a whole file at once, replacing an older one.
   *
   * @param name may have folders, such as {@code plots/loss.png}; they are made
   */
  public void write(String name, byte[] bytes) {
    Path file = path.resolve(name);
    Path temporary = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.createDirectories(file.getParent());
      Files.write(temporary, bytes);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(temporary); // on a full disk the log needs the room
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw cannotWrite(file, e);
    }
  }

  /**
   * Removes what a run that has not begun wrote, and the folder if it was made for it.
   *
   * @throws OutputException if that cannot be done
   */
  public void discard() {
    close();
    try {
      FailedStart.removeFirst(path);
      if (made) {
        Files.deleteIfExists(path);
      }
    } catch (DirectoryNotEmptyException another) { // somebody's who is faster
      return;
    } catch (IOException e) {
      throw cannotWrite(path, e);
    }
  }

  @Override
  public void close() {
    open.forEach(LineFile::close);
    open.clear();
    board.ifPresent(TensorBoard::close);
    board = Optional.empty();
    if (!closed) {
      closed = true;
      lock.close(); // once: the next may be another's
    }
  }

  private static OutputException cannotWriteInto(Path folder, IOException e) {
    return new OutputException("output folder " + folder + " cannot be written: " + reason(e), e);
  }

  /** Returns the exception that names a file and, in plain words, why it cannot be written. */
  public static OutputException cannotWrite(Path file, IOException e) {
    return new OutputException("cannot write " + file + ": " + reason(e), e);
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is a file";
    }
    if (e instanceof FileSystemException failure && failure.getReason() != null) {
      return failure.getReason();
    }
    return e.getMessage() != null ? e.getMessage() : e.toString();
  }
}
