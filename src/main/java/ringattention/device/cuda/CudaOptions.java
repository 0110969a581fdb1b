package ringattention.device.cuda;

import java.nio.file.Path;
import java.util.Optional;
import ringattention.device.DType;
import ringattention.device.MemoryCount;

/**
 * Which GPU a device is, and how it computes.
 *
 * @param ordinal of the GPU among those this process sees
 * @param compute BF16 or F32
 * @param deterministic whether the same call gives the same bits every time; costs speed and memory
 *     in the backward of attention
 * @param causalBlock the longest causal block of fused attention, which bf16 has: longer ones are
 *     cut, because it is fastest at medium lengths
 * @param kernelCache folder for compiled kernels; without one each run compiles them
 * @param together how many processes have the GPU, each of which may take its share of what is free
 * @param memoryCap most bytes allocated at once, workspaces included, or {@link
 *     MemoryCount#UNCAPPED}
 */
public record CudaOptions(
    int ordinal,
    DType compute,
    boolean deterministic,
    int causalBlock,
    Optional<Path> kernelCache,
    int together,
    long memoryCap) {
  /** A GPU for itself, without a cap on memory. */
  public CudaOptions(
      int ordinal,
      DType compute,
      boolean deterministic,
      int causalBlock,
      Optional<Path> kernelCache) {
    this(ordinal, compute, deterministic, causalBlock, kernelCache, 1, MemoryCount.UNCAPPED);
  }

  public CudaOptions {
    if (compute != DType.BF16 && compute != DType.F32) {
      throw new IllegalArgumentException("a GPU computes in BF16 or F32, not " + compute);
    }
  }

  /** The same GPU with another cap. */
  public CudaOptions withMemoryCap(long bytes) {
    return new CudaOptions(
        ordinal, compute, deterministic, causalBlock, kernelCache, together, bytes);
  }
}
