package ringattention.device;

import java.util.List;
import java.util.function.Supplier;

/**
 * Where a rank computes. Work is enqueued in order and may return before it is done; {@link #mark}
 * and {@link #synchronize} say when it is. A device belongs to one rank and is called from one
 * thread.
 */
public interface Device extends DeviceTraits, AutoCloseable {
  /** Short name: {@code cpu}, {@code reference}, {@code cuda}. */
  String name();

  /** One line for the log: model, threads, instruction set or library versions. */
  String description();

  /** Returns what the last bits of results depend on beside the call: model, threads, libraries. */
  default String numerics() {
    return description();
  }

  /** Memory of exactly this many bytes, counted until it is closed. Contents are undefined. */
  Memory allocate(long bytes);

  /** Whether the same call gives the same bits every time. */
  default boolean repeats() {
    return true;
  }

  /**
   * Whether work goes on while the host waits. Then the host must enqueue first and communicate
   * after; a device that computes in the calling thread must send first.
   */
  boolean asynchronous();

  /**
   * Host memory that the device copies to and from at full speed, counted apart until it is closed.
   * Contents are undefined. A tensor over it is an argument of {@link #toHost} and {@link
   * #toDevice} and of nothing else.
   */
  Memory allocateHost(long bytes);

  /** The most bytes of {@link #allocateHost} that were held at once so far. */
  long peakHostBytes();

  /** Bytes that may still be allocated, as far as is known. */
  long freeBytes();

  /** Whether its memory is the host's: then {@link #allocateHost} takes of the same. */
  default boolean inHostMemory() {
    return false;
  }

  /**
   * Allocates at once what {@link #workspaceBytes} says, so that no such call allocates anything.
   */
  default void reserveWorkspace(List<AttentionCall> calls) {}

  /**
   * Allocates at once what {@link #decodeWorkspaceBytes} says, so that no such call allocates
   * anything.
   */
  default void reserveDecode(int rows, HeadCounts heads) {}

  /** Bytes allocated now, kernels' own workspaces included. */
  long allocatedBytes();

  /** The largest {@link #allocatedBytes} so far. */
  long peakBytes();

  Kernels kernels();

  BlockAttention attention();

  DecodeAttention decode();

  /**
   * Returns work as something to run again: on a GPU without the cost of enqueuing every kernel.
   * Nothing is run yet.
   *
   * @param work enqueues on this device, and on others' queues only between a {@link #mark} and a
   *     {@link #waitFor} of it; it has been done before, so that nothing is compiled or allocated
   *     in it, and it never waits on the host
   */
  default Recorded record(Runnable work) {
    return new Recorded() {
      @Override
      public void run() {
        work.run();
      }

      @Override
      public void close() {}
    };
  }

  /** A point after all work enqueued so far. */
  Completion mark();

  /**
   * Work enqueued from now on starts after this point, of this device or of something that works
   * beside it. The host goes on where the device can wait by itself.
   */
  void waitFor(Completion point);

  /**
   * Starts a copy into host memory, beside the work enqueued from now on, after the work enqueued
   * so far. Copies to the host are made in order.
   *
   * @param to on the host, of the same type and shape
   */
  Completion toHost(Tensor from, Tensor to);

  /**
   * Starts a copy from host memory, beside the device's work. Copies from the host are made in
   * order.
   *
   * @param from on the host, of the same type and shape
   * @param free when what last used the destination has been done; {@link #mark} for all work
   *     enqueued so far
   * @param complete when the source is complete; nothing where it is
   */
  Completion toDevice(Tensor from, Tensor to, Completion free, Completion... complete);

  /**
   * Names the work enqueued until the range is closed. Ranges nest.
   *
   * @param name asked for only while somebody reads it: a profiler, or {@link #startTrace}
   */
  default NamedWork range(Supplier<String> name) {
    return NamedWork.NONE;
  }

  /** Shows the ranges from now on to a profiler that is attached to this process, too. */
  default void showToProfiler() {}

  /** Times the ranges that are opened from now on. Waits for the work enqueued so far. */
  default void startTrace() {}

  /**
   * Ends {@link #startTrace}. Waits for the work enqueued so far.
   *
   * @return the ranges closed since, in the order they were closed
   */
  default List<TimedRange> stopTrace() {
    return List.of();
  }

  /** Blocks until all work enqueued so far has been done. */
  void synchronize();

  /**
   * Copies host values (any numeric element type is converted) into a tensor; returns when done.
   */
  void write(Tensor to, double... values);

  /** Writes I32 tensors like {@link #write(Tensor, double...)}. */
  void write(Tensor to, int... values);

  /** Copies a tensor to the host, converted to double; waits for the work enqueued before. */
  double[] read(Tensor from);

  @Override
  void close();
}
