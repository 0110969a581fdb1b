package ringattention.run;

import java.util.Locale;

/** How messages between GPUs travel. {@link #toString} is the spelling in TOML. */
public enum TransportKind {
  /** The fastest there is. */
  AUTO,
  /** MPI that takes pointers to device memory. */
  CUDA_AWARE,
  /** MPI by way of host memory. */
  STAGED,
  /** NVIDIA's NCCL. */
  NCCL;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
