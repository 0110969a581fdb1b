package ringattention.device;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An allocator backed by a device: each named buffer is one allocation; closing the arena frees
 * them all.
 */
public final class Arena implements Allocator, AutoCloseable {
  private final Device device;
  private final List<Memory> memories = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  public Arena(Device device) {
    this.device = device;
  }

  @Override
  public Tensor allocate(String name, Purpose purpose, DType dtype, Dim... dims) {
    if (!names.add(name)) {
      throw new IllegalStateException("two buffers are named " + name);
    }
    long[] shape = Allocator.shape(dims);
    Memory memory = allocate(name, new Tensor(null, 0, dtype, shape).bytes());
    memories.add(memory);
    return new Tensor(memory, 0, dtype, shape);
  }

  private Memory allocate(String name, long bytes) {
    try {
      return device.allocate(bytes);
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
