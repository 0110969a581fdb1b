package ringattention.device;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An allocator backed by a device; closing the arena frees all buffers. What is planned is one
 * allocation, made at once, and every buffer a part of it; without a plan each buffer is allocated
 * alone. So are, always, buffers on the host, and those of the ring and the cache: an MPI keeps
 * memory that went through its hands mapped into other processes, and until it lets go nobody gets
 * it back.
 */
public final class Arena implements Allocator, AutoCloseable {
  /** Every buffer begins at a multiple of this many bytes. */
  static final long ALIGNMENT = 256;

  private final Device device;
  private final List<Memory> memories = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Memory whole; // null without a plan
  private long used;

  public Arena(Device device) {
    this.device = device;
    this.whole = null;
  }

  /**
   * @param plan of all buffers
   * @throws OutOfMemoryError if the device does not have room for those that are one allocation
   */
  public Arena(Device device, MemoryPlan plan) {
    this.device = device;
    this.whole =
        device.allocate(
            plan.buffers().stream()
                .filter(buffer -> !alone(buffer.purpose()))
                .mapToLong(MemoryPlan.Buffer::bytes)
                .sum());
    memories.add(whole);
  }

  private static boolean alone(Purpose purpose) {
    return switch (purpose) {
      case OFFLOADED, RING, CACHE -> true;
      default -> false;
    };
  }

  static long aligned(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  @Override
  public Tensor allocate(String name, Purpose purpose, DType dtype, Dim... dims) {
    if (!names.add(name)) {
      throw new IllegalStateException("two buffers are named " + name);
    }
    long[] shape = Allocator.shape(dims);
    long bytes = new Tensor(null, 0, dtype, shape).bytes();
    if (whole != null && !alone(purpose)) {
      long offset = used;
      used += aligned(bytes);
      return new Tensor(whole, offset, dtype, shape);
    }
    Memory memory = allocate(name, purpose, whole == null ? bytes : aligned(bytes));
    memories.add(memory);
    return new Tensor(memory, 0, dtype, shape);
  }

  private Memory allocate(String name, Purpose purpose, long bytes) {
    try {
      return purpose == Purpose.OFFLOADED ? device.allocateHost(bytes) : device.allocate(bytes);
    } catch (OutOfMemoryError full) {
      throw new OutOfMemoryError("buffer " + name + ": " + full.getMessage());
    }
  }

  @Override
  public void close() {
    memories.forEach(Memory::close);
    memories.clear();
  }
}
