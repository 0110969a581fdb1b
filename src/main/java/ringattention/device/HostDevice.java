package ringattention.device;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What devices that compute in the host's memory share: allocation, counting, transfers. Work is
 * done when a call returns.
 */
public abstract class HostDevice implements Device {
  private final MemoryCount count;
  private List<TimedRange> traced; // null unless tracing
  private long hostAllocated;
  private long hostPeak;

  /**
   * @param memoryCap most bytes allocated at once, or {@link MemoryCount#UNCAPPED}
   */
  protected HostDevice(long memoryCap) {
    this.count = new MemoryCount(memoryCap);
  }

  @Override
  public final Memory allocate(long bytes) {
    count.require(bytes);
    Memory memory = new HostMemory(bytes, () -> count.remove(bytes));
    count.add(bytes);
    return memory;
  }

  @Override
  public final Memory allocateHost(long bytes) {
    Memory memory = new HostMemory(bytes, () -> hostAllocated -= bytes);
    hostAllocated += bytes;
    hostPeak = Math.max(hostPeak, hostAllocated);
    return memory;
  }

  @Override
  public final long freeBytes() {
    return count.free();
  }

  @Override
  public final boolean inHostMemory() {
    return true;
  }

  @Override
  public final long peakHostBytes() {
    return hostPeak;
  }

  @Override
  public final long allocatedBytes() {
    return count.allocated();
  }

  @Override
  public final long peakBytes() {
    return count.peak();
  }

  @Override
  public final boolean asynchronous() {
    return false;
  }

  @Override
  public final int causalBlock() {
    return Integer.MAX_VALUE;
  }

  @Override
  public final Completion mark() {
    return Completion.DONE;
  }

  @Override
  public final void waitFor(Completion point) {
    point.await();
  }

  @Override
  public final Completion toHost(Tensor from, Tensor to) {
    copy(from, to);
    return Completion.DONE;
  }

  @Override
  public final Completion toDevice(
      Tensor from, Tensor to, Completion free, Completion... complete) {
    free.await();
    for (Completion point : complete) {
      point.await();
    }
    copy(from, to);
    return Completion.DONE;
  }

  private static void copy(Tensor from, Tensor to) {
    from.requireSame(to);
    ByteBuffer[] sources = from.buffers();
    ByteBuffer[] targets = to.buffers();
    for (int i = 0; i < sources.length; i++) {
      targets[i].put(sources[i]);
    }
  }

  @Override
  public final NamedWork range(Supplier<String> name) {
    List<TimedRange> into = traced;
    if (into == null) {
      return NamedWork.NONE;
    }
    String text = name.get();
    long from = System.nanoTime();
    return () -> into.add(new TimedRange(text, from, System.nanoTime()));
  }

  @Override
  public final void startTrace() {
    traced = new ArrayList<>();
  }

  @Override
  public final List<TimedRange> stopTrace() {
    List<TimedRange> ended = List.copyOf(traced);
    traced = null;
    return ended;
  }

  @Override
  public final void synchronize() {}

  @Override
  public final void write(Tensor to, double... values) {
    requireSize(to, values.length);
    int next = 0;
    for (ByteBuffer piece : to.buffers()) {
      while (piece.hasRemaining()) {
        double value = values[next++];
        switch (to.dtype()) {
          case F32 -> piece.putFloat((float) value);
          case F64 -> piece.putDouble(value);
          case I32 -> piece.putInt(Math.toIntExact((long) value));
          case BF16 -> throw new IllegalArgumentException(name() + " does not compute in BF16");
        }
      }
    }
  }

  @Override
  public final void write(Tensor to, int... values) {
    if (to.dtype() != DType.I32) {
      throw new IllegalArgumentException("integers into " + to);
    }
    requireSize(to, values.length);
    int next = 0;
    for (ByteBuffer piece : to.buffers()) {
      while (piece.hasRemaining()) {
        piece.putInt(values[next++]);
      }
    }
  }

  @Override
  public final double[] read(Tensor from) {
    double[] values = new double[Math.toIntExact(from.elements())];
    int next = 0;
    for (ByteBuffer piece : from.buffers()) {
      while (piece.hasRemaining()) {
        values[next++] =
            switch (from.dtype()) {
              case F32 -> piece.getFloat();
              case F64 -> piece.getDouble();
              case I32 -> piece.getInt();
              case BF16 -> throw new IllegalArgumentException(name() + " does not compute in BF16");
            };
      }
    }
    return values;
  }

  private static void requireSize(Tensor to, int length) {
    if (to.elements() != length) {
      throw new IllegalArgumentException(length + " values into " + to);
    }
  }
}
