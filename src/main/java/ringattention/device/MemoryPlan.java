package ringattention.device;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An allocator that allocates nothing and remembers every buffer: name, purpose, formula and size.
 */
public final class MemoryPlan implements Allocator {
  /** One planned buffer. */
  public record Buffer(String name, Purpose purpose, DType dtype, List<Dim> dims) {
    /** Rounded up to {@link Arena#ALIGNMENT}. */
    public long bytes() {
      long product = dtype.bytes();
      for (Dim dim : dims) {
        product = Math.multiplyExact(product, dim.size());
      }
      return Arena.aligned(product);
    }

    public boolean onHost() {
      return purpose == Purpose.OFFLOADED;
    }

    /** For example {@code 2048 tokens x 1 batch x 128 hidden x 4 B}. */
    public String formula() {
      StringBuilder text = new StringBuilder();
      for (Dim dim : dims) {
        text.append(dim.size()).append(' ').append(dim.name()).append(" x ");
      }
      return text.append(dtype.bytes()).append(" B").toString();
    }
  }

  private final List<Buffer> buffers = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  @Override
  public Tensor allocate(String name, Purpose purpose, DType dtype, Dim... dims) {
    if (!names.add(name)) {
      throw new IllegalStateException("two buffers are named " + name);
    }
    buffers.add(new Buffer(name, purpose, dtype, List.of(dims)));
    return new Tensor(null, 0, dtype, Allocator.shape(dims));
  }

  /** In the order of allocation. */
  public List<Buffer> buffers() {
    return List.copyOf(buffers);
  }

  /** On the device. */
  public long bytes() {
    return sum(false);
  }

  /** On the host. */
  public long hostBytes() {
    return sum(true);
  }

  private long sum(boolean onHost) {
    return buffers.stream()
        .filter(buffer -> buffer.onHost() == onHost)
        .mapToLong(Buffer::bytes)
        .sum();
  }
}
