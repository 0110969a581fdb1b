package ringattention.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.file.DurableFile;
import ringattention.file.FileEntry;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardedParameters;

/**
 * Saves sharded parameters and their moments, at most one checkpoint at a time. Training stands
 * still only for the copy to the host; a thread of each rank writes that while training goes on,
 * and once all have, rank 0's makes the checkpoint complete. Only the calling thread talks to other
 * ranks; all methods but {@link #close} are collective.
 */
public final class CheckpointWriter implements AutoCloseable {
  private static final int PATIENCE = 10; // seconds that a failed run waits for its writing thread

  private enum Progress {
    FAILED,
    RUNNING,
    DONE
  }

  /** What a rank tells rank 0 of its file. */
  private record Share(FileEntry file, double stallSeconds, double writeSeconds) {}

  /** The checkpoint on its way. */
  private static final class Pending {
    final TrainingPosition position;
    final Path temporary;
    Future<Share> writing; // null once every rank's file is written
    Future<WrittenCheckpoint> completing; // null before; on other ranks than 0 it does nothing

    Pending(TrainingPosition position, Path temporary) {
      this.position = position;
      this.temporary = temporary;
    }

    Future<?> work() {
      return writing != null ? writing : completing;
    }
  }

  private final Communicator world;
  private final ShardedParameters parameters;
  private final HostCopy copy;
  private final CheckpointFolder folder;
  private final String id;
  private final int keep;
  private final Origin origin;
  private final LongSupplier clock;
  private final Consumer<WrittenCheckpoint> written;
  private final JsonRecords json = new JsonRecords();
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "checkpoint");
            thread.setDaemon(true);
            return thread;
          });
  private Pending pending; // null while there is none

  /**
   * Allocates the host copy.
   *
   * @param run the run's folder, the same on every rank; {@code checkpoints} is made in it
   * @param id tells this run's temporary folders from others', the same on every rank
   * @param keep how many complete checkpoints stay
   * @param clock in nanoseconds
   * @param written told on rank 0 of every complete checkpoint
   */
  public CheckpointWriter(
      Communicator world,
      Device device,
      ShardedParameters parameters,
      Path run,
      String id,
      int keep,
      Origin origin,
      LongSupplier clock,
      Consumer<WrittenCheckpoint> written) {
    this.world = world;
    this.parameters = parameters;
    this.copy =
        new HostCopy(
            device,
            ShardLayout.of(parameters.groups(), world.rank(), world.size(), parameters.type()));
    this.folder = new CheckpointFolder(run.resolve(CheckpointFolder.NAME));
    this.id = id;
    this.keep = keep;
    this.origin = origin;
    this.clock = clock;
    this.written = written;
  }

  /**
   * Returns what a writer of such parameters takes of {@link Device#allocateHost}.
   *
   * @param type of their states
   */
  public static long hostBytes(List<ParameterGroup> groups, int rank, int ranks, DType type) {
    return ShardLayout.of(groups, rank, ranks, type).bytes();
  }

  /**
   * Starts a checkpoint of the parameters as they are; waits for the one before.
   *
   * @throws CheckpointException if the one before could not be written
   */
  public void save(TrainingPosition position) {
    long start = clock.getAsLong();
    await();
    copy.take(parameters);
    double stall = (clock.getAsLong() - start) * 1e-9;
    Path temporary = folder.temporary(position.step(), id);
    pending = new Pending(position, temporary);
    pending.writing = background.submit(() -> writeShare(temporary, stall));
  }

  /**
   * Asks all ranks how far the checkpoint is, if there is one on its way. To be called once a step.
   *
   * @throws CheckpointException if it could not be written
   */
  public void poll() {
    if (pending == null) {
      return;
    }
    int own = progress(pending.work()).ordinal();
    double least = world.allReduce(own, Communicator.Operation.MIN);
    if (least == Progress.FAILED.ordinal()) {
      fail();
    }
    if (least == Progress.DONE.ordinal()) {
      advance();
    }
  }

  /**
   * Waits until no checkpoint is on its way.
   *
   * @throws CheckpointException if it could not be written
   */
  public void await() {
    while (pending != null) {
      failure(pending.work()); // waits for it
      poll();
    }
  }

  private void advance() {
    if (pending.writing == null) {
      if (world.rank() == 0) {
        written.accept(value(pending.completing));
      }
      pending = null;
      return;
    }
    List<byte[]> shares = world.gather(json.line(value(pending.writing)).getBytes(UTF_8));
    TrainingPosition position = pending.position;
    Path temporary = pending.temporary;
    Callable<WrittenCheckpoint> completion = () -> complete(position, temporary, shares);
    pending.completing = background.submit(world.rank() == 0 ? completion : () -> null);
    pending.writing = null;
  }

  private Share writeShare(Path temporary, double stall) {
    long start = clock.getAsLong();
    int rank = world.rank();
    FileEntry file =
        write(
            temporary.resolve(ShardFile.name(rank)),
            path -> {
              Files.createDirectories(temporary);
              if (rank == 0) {
                folder.removeIncomplete(temporary);
              }
              FileEntry entry = ShardFile.write(path, rank, world.size(), copy);
              DurableFile.syncFolder(temporary);
              return entry;
            });
    return new Share(file, stall, (clock.getAsLong() - start) * 1e-9);
  }

  private WrittenCheckpoint complete(
      TrainingPosition position, Path temporary, List<byte[]> gathered) {
    return write(
        folder.step(position.step()),
        target -> {
          List<FileEntry> files = new ArrayList<>();
          double stall = 0;
          double writing = 0;
          for (byte[] text : gathered) {
            Share share = json.read(new String(text, UTF_8), Share.class);
            requireVisible(temporary, share.file());
            files.add(share.file());
            stall = Math.max(stall, share.stallSeconds());
            writing = Math.max(writing, share.writeSeconds());
          }
          files.add(DurableFile.write(temporary.resolve(Origin.INPUTS), origin.usedInputs()));
          Manifest manifest = origin.manifest(position, world.size(), files);
          manifest.write(temporary);
          DurableFile.syncFolder(temporary);
          folder.publish(temporary, position.step());
          folder.prune(keep);
          return new WrittenCheckpoint(position.step(), target, manifest.bytes(), stall, writing);
        });
  }

  /** A folder that is another one on another machine makes no checkpoint. */
  private static void requireVisible(Path temporary, FileEntry file) throws IOException {
    Path path = temporary.resolve(file.name());
    if (!Files.exists(path) || Files.size(path) != file.bytes()) {
      throw new IOException(
          path + " of another rank is not seen by rank 0: all machines must share this folder");
    }
  }

  private interface Work<T> {
    T apply(Path path) throws IOException;
  }

  private static <T> T write(Path path, Work<T> work) {
    try {
      return work.apply(path);
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + path + ": " + reason(e));
    }
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is a file";
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static Progress progress(Future<?> work) {
    if (!work.isDone()) {
      return Progress.RUNNING;
    }
    return failure(work).isEmpty() ? Progress.DONE : Progress.FAILED;
  }

  /** Waits for the work; an empty text if it went well. */
  private static String failure(Future<?> work) {
    try {
      work.get();
      return "";
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return cause instanceof CheckpointException ? cause.getMessage() : cause.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a checkpoint was written", e);
    }
  }

  private static <T> T value(Future<T> done) {
    try {
      return done.get();
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException("asked before it was done", e);
    }
  }

  /** At least one rank failed: all stop writing, nothing half-written stays, all throw. */
  private void fail() {
    Pending failed = pending;
    String mine = failed.work().isDone() ? failure(failed.work()) : "";
    String first = FirstProblem.of(world, mine).orElseThrow();
    close();
    pending = null;
    world.barrier(); // nobody writes any more
    if (world.rank() == 0) {
      try {
        CheckpointFolder.delete(failed.temporary);
      } catch (IOException e) { // it is the message about the first failure that counts
        first = first + " (and " + failed.temporary + " cannot be removed)";
      }
    }
    throw new CheckpointException(first);
  }

  /** Gives up what is on its way, and frees the host copy. Not collective. */
  @Override
  public void close() {
    background.shutdownNow(); // interrupts the thread, which closes its file
    try {
      if (background.awaitTermination(PATIENCE, TimeUnit.SECONDS)) {
        copy.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
