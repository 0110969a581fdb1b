package ringattention.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
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

  /** The checkpoint on its way. */
  private static final class Pending {
    final TrainingPosition position;
    final Path temporary;
    Future<byte[]> writing; // null once every rank's file is written
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
  private final CheckpointFiles files;
  private final String id;
  private final LongSupplier clock;
  private final Consumer<WrittenCheckpoint> written;
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
    this.files = new CheckpointFiles(folder, world.rank(), world.size(), origin, keep, clock);
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
    pending.writing = background.submit(() -> files.writeShare(temporary, stall, copy));
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
    List<byte[]> told = world.gather(value(pending.writing));
    TrainingPosition position = pending.position;
    Path temporary = pending.temporary;
    Callable<WrittenCheckpoint> completion = () -> files.complete(position, temporary, told);
    pending.completing = background.submit(world.rank() == 0 ? completion : () -> null);
    pending.writing = null;
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
