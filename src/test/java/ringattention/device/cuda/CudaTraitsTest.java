package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.metrics.Hardware;
import ringattention.shard.Mask;

/** The bytes of a GPU that is not there. */
class CudaTraitsTest {
  private static final long ALWAYS = 40L << 20; // 32 MiB of products, 8 MiB of other kernels
  private static final CudaTraits BF16 = CudaTraits.planned(DType.BF16, false, 65536, 1e15);
  private static final CudaTraits FP32 = CudaTraits.planned(DType.F32, false, 65536, 1e14);

  private static AttentionCall call(int queries, int keys, Mask mask) {
    return new AttentionCall(
        new BlockShape(queries, keys, 1, new HeadCounts(8, 8, 128)), mask, new Heads(0, 8));
  }

  @Test
  void withoutAttentionThereIsWhatIsAlwaysHeld() {
    assertEquals(ALWAYS, BF16.workspaceBytes(List.of()));
    assertEquals(ALWAYS, FP32.workspaceBytes(List.of()));
  }

  @Test
  void bf16IsFusedAndFp32IsNot() {
    AttentionCall call = call(4096, 4096, Mask.CAUSAL);
    long fused = FusedAttention.workspaceBytes(call, false);
    long scores = ScoreScratch.of(DType.F32).bytes(call.shape(), Mask.CAUSAL, new Heads(0, 8));
    assertEquals(ALWAYS + fused, BF16.workspaceBytes(List.of(call, call)));
    assertEquals(ALWAYS + scores, FP32.workspaceBytes(List.of(call)));
    assertEquals(65536, BF16.causalBlock());
    assertEquals(Integer.MAX_VALUE, FP32.causalBlock());
    assertEquals(FusedAttention.TILE, BF16.documentTile());
    assertEquals(1, FP32.documentTile());
  }

  /** A short call, or a last tile that an old cuDNN leaves, needs scores beside the largest. */
  @Test
  void whatCudnnLeavesNeedsScores() {
    AttentionCall whole = call(4096, 4096, Mask.FULL);
    AttentionCall few = call(100, 4096, Mask.FULL);
    AttentionCall ragged = call(4096, 4000, Mask.FULL);
    CudaTraits old = new CudaTraits(DType.BF16, false, 65536, 91002, OptionalDouble.empty());
    long one = BF16.workspaceBytes(List.of(whole));
    assertTrue(BF16.workspaceBytes(List.of(whole, few)) > one);
    assertEquals(one, BF16.workspaceBytes(List.of(whole, ragged)));
    assertEquals(one, old.workspaceBytes(List.of(whole)));
    assertTrue(old.workspaceBytes(List.of(whole, ragged)) > one);
    assertEquals(one, BF16.workspaceBytes(List.of(whole, call(0, 100, Mask.FULL))));
  }

  /** Tiles of a causal forward have other extents than those of the backward, which has no mask. */
  @Test
  void vanillaNeedsTheLargerTileOfBothPasses() {
    Heads all = new Heads(0, 16);
    for (int tokens : new int[] {4096, 9728}) { // the second's causal tiles are larger
      BlockShape whole = new BlockShape(tokens, tokens, 1, new HeadCounts(16, 16, 128));
      long largest = 0;
      for (Mask mask : Mask.values()) {
        for (ScoreTile tile : ScoreTiling.cut(whole, mask, all, (512L << 20) / Float.BYTES)) {
          largest = Math.max(largest, tile.scratchElements() * Float.BYTES);
        }
      }
      assertEquals(ALWAYS + largest, BF16.vanillaWorkspaceBytes(whole, Mask.CAUSAL));
    }
  }

  /** The two tables of peaks agree. */
  @Test
  void peaksAreThoseOfTheDriversNames() {
    assertEquals(peak("NVIDIA H200", DType.BF16), Hardware.H200.bf16());
    assertEquals(peak("NVIDIA H200", DType.F32), Hardware.H200.fp32());
    assertEquals(peak("NVIDIA H100 80GB HBM3", DType.BF16), Hardware.H100.bf16());
    assertEquals(peak("NVIDIA A100-SXM4-80GB", DType.BF16), Hardware.A100_NVLINK.bf16());
    assertEquals(peak("NVIDIA A100-SXM4-80GB", DType.F32), Hardware.A100_INFINIBAND.fp32());
    assertEquals(peak("NVIDIA B200", DType.BF16), Hardware.B200.bf16());
  }

  private static double peak(String name, DType compute) {
    return PeakFlops.of(name, compute).orElseThrow();
  }
}
