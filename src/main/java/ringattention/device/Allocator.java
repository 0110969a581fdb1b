package ringattention.device;

import java.util.Arrays;

/**
 * Where named buffers come from. A {@link MemoryPlan} answers with tensors that have a shape and no
 * memory; an {@link Arena} answers with real ones. Because both run the same code, the plan is what
 * a run allocates.
 */
public interface Allocator {
  /** What a buffer is for; the plan sums by it. */
  enum Purpose {
    /** Shards of weights, gradients and moments: shrink with the number of ranks. */
    PARAMETERS,
    /** Blocks of parameters gathered for use, and their gradients before they are reduced. */
    GATHERED,
    /** What blocks keep for the backward. */
    SAVED,
    /** The same in the host's memory: the only purpose whose buffers are not on the device. */
    OFFLOADED,
    /** Everything a step computes and forgets. */
    ACTIVATIONS,
    /** What the ring, or an exchange of heads before it, holds, receives and sends. */
    RING,
    /** Keys and values of earlier tokens, which the ring sends too. */
    CACHE,
    /** What the device holds for itself. */
    WORKSPACE
  }

  /**
   * A buffer of the product of the dimensions, under a name that is unique in the run, e.g. {@code
   * ring.slot.0}.
   */
  Tensor allocate(String name, Purpose purpose, DType dtype, Dim... dims);

  /** The extents of named dimensions. */
  static long[] shape(Dim... dims) {
    return Arrays.stream(dims).mapToLong(Dim::size).toArray();
  }
}
