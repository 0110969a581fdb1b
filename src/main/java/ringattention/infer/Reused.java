package ringattention.infer;

import java.util.HashMap;
import java.util.Map;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/** Buffers under a common name, whose memory smaller shapes use again. */
final class Reused implements Allocator {
  private final Allocator allocator;
  private final String name;
  private final Map<String, Tensor> buffers = new HashMap<>();

  Reused(Allocator allocator, String name) {
    this.allocator = allocator;
    this.name = name;
  }

  @Override
  public Tensor allocate(String buffer, Purpose purpose, DType dtype, Dim... dims) {
    Tensor made = allocator.allocate(name + "." + buffer, purpose, dtype, dims);
    buffers.put(buffer, made);
    return made;
  }

  /** Returns an allocator that answers with the beginning of the buffer of the same name. */
  Allocator again() {
    return (buffer, purpose, dtype, dims) -> buffers.get(buffer).prefix(Allocator.shape(dims));
  }
}
