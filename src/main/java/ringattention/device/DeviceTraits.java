package ringattention.device;

import java.util.List;
import java.util.OptionalDouble;
import ringattention.shard.Mask;

/**
 * What a plan must know of a device: everything that decides which calls are made and how many
 * bytes they need. A {@link Device} has it, and so has hardware that is not there.
 */
public interface DeviceTraits {
  /** Element type of activations: what matrix products take. */
  DType compute();

  /**
   * Element type where sums live: merged attention output, log-sum-exp, gradients, master weights.
   */
  DType sum();

  /** The most bytes of one tensor that kernels take. */
  default long largestTensorBytes() {
    return Long.MAX_VALUE;
  }

  /**
   * FLOP per second that matrix products of the compute type could reach by the vendor's word;
   * empty where that is not known.
   */
  default OptionalDouble peakFlops() {
    return OptionalDouble.empty();
  }

  /**
   * The longest causal block of queries that one attention call should get: longer ones are better
   * cut, for speed.
   */
  int causalBlock();

  /**
   * Where documents of any length are attended to: calls should have extents of whole tiles of so
   * many tokens, in few different numbers, or of less than a tile. 1 where any extent is as good.
   */
  default int documentTile() {
    return 1;
  }

  /**
   * Bytes the device holds for itself while such attention is computed, its other kernels'
   * workspaces included.
   */
  long workspaceBytes(List<AttentionCall> calls);

  /**
   * Returns the bytes that the device holds for calls of {@link DecodeAttention} of at most so many
   * rows, beside {@link #workspaceBytes}.
   */
  default long decodeWorkspaceBytes(int rows, HeadCounts heads) {
    return 0;
  }

  /** Returns {@link #workspaceBytes} for vanilla attention of one such pair. */
  default long vanillaWorkspaceBytes(BlockShape whole, Mask mask) {
    return workspaceBytes(List.of());
  }
}
