package ringattention.device.cuda;

import java.util.List;
import java.util.OptionalDouble;
import ringattention.device.AttentionCall;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.DeviceTraits;
import ringattention.device.HeadCounts;
import ringattention.shard.Mask;

/**
 * How GPUs are used here, apart from any GPU: which attention calls go to cuDNN, and the bytes that
 * a {@link CudaDevice} holds for itself.
 *
 * @param compute BF16 or F32
 * @param deterministic as in {@link CudaOptions}
 * @param causalBlock the longest causal block of fused attention, which bf16 has
 * @param cudnn version, 91900 is 9.19.0; not used in fp32
 * @param peakFlops of the compute type, if known
 */
public record CudaTraits(
    DType compute, boolean deterministic, int causalBlock, long cudnn, OptionalDouble peakFlops)
    implements DeviceTraits {
  private static final long PLANNED_CUDNN = 91900;

  public CudaTraits {
    if (compute != DType.BF16) { // no fused attention
      causalBlock = Integer.MAX_VALUE;
    }
  }

  /** Returns the traits of a GPU that is not there, with cuDNN 9.19. */
  public static CudaTraits planned(
      DType compute, boolean deterministic, int causalBlock, double peakFlops) {
    return new CudaTraits(
        compute, deterministic, causalBlock, PLANNED_CUDNN, OptionalDouble.of(peakFlops));
  }

  @Override
  public DType sum() {
    return DType.F32;
  }

  @Override
  public int documentTile() {
    return compute == DType.BF16 ? FusedAttention.TILE : 1;
  }

  /**
   * Shapes that cuDNN turns out to refuse, and tensors that are not aligned to 16 bytes, need more.
   */
  @Override
  public long workspaceBytes(List<AttentionCall> calls) {
    return alwaysBytes() + fusedBytes(calls) + scoreBytes(calls);
  }

  @Override
  public long decodeWorkspaceBytes(int rows, HeadCounts heads) {
    return DecodeScratch.planned(rows, heads.query(), heads.keyValue(), heads.size()).bytes();
  }

  @Override
  public long vanillaWorkspaceBytes(BlockShape whole, Mask mask) {
    return alwaysBytes() + ScoreScratch.of(compute).vanillaBytes(whole, mask);
  }

  private static long alwaysBytes() {
    return Cublas.WORKSPACE_BYTES + CudaKernels.SCRATCH;
  }

  /** Bytes of the fused engines' workspace once all these have run, forward and backward. */
  long fusedBytes(List<AttentionCall> calls) {
    return calls.stream()
        .filter(call -> keysSeen(call.shape(), call.mask()) > 0 && fuses(call.shape()))
        .mapToLong(call -> FusedAttention.workspaceBytes(call, deterministic))
        .max()
        .orElse(0);
  }

  /**
   * Returns the bytes for calls that no fused engine takes, and for the keys that its backward
   * leaves.
   */
  long scoreBytes(List<AttentionCall> calls) {
    long largest = 0;
    for (AttentionCall call : calls) {
      BlockShape pair = call.shape();
      int seen = keysSeen(pair, call.mask());
      int left = fuses(pair) ? seen - FusedAttention.backwardKeys(seen, cudnn) : pair.keys();
      if (seen > 0 && left > 0) {
        BlockShape rest = withKeys(pair, left);
        long bytes = ScoreScratch.of(compute).bytes(rest, call.mask(), call.heads());
        largest = Math.max(largest, bytes);
      }
    }
    return largest;
  }

  /** Whether such a pair goes to cuDNN. */
  boolean fuses(BlockShape pair) {
    return compute == DType.BF16 && FusedAttention.takes(pair);
  }

  /** Keys that any query sees: the first ones. */
  static int keysSeen(BlockShape pair, Mask mask) {
    if (mask == Mask.CAUSAL) {
      return Math.min(pair.queries(), pair.keys());
    }
    return pair.queries() == 0 ? 0 : pair.keys();
  }

  private static BlockShape withKeys(BlockShape pair, int keys) {
    return new BlockShape(pair.queries(), keys, pair.batch(), pair.heads());
  }
}
