package ringattention.device.cuda;

import ringattention.device.BlockShape;
import ringattention.device.DType;

/**
 * Where a fused call keeps what is not its caller's: offsets in one workspace. What a call does not
 * need has no place (offset 0, never used).
 *
 * @param stats log-sum-exp as cuDNN lays it out [batch, heads, queries], fp32
 * @param mean of the backward, as stats
 * @param dqSum of the backward unless deterministic: [batch, heads, queries, headSize], fp32
 * @param dq bf16 gradients before they are added to the caller's fp32, likewise dk, dv
 * @param q copy for cuDNN where the caller's has rows it cannot read, likewise k, v, out, dOut
 * @param cudnn what the plan asks for
 * @param bytes of all
 */
record FusedScratch(
    long stats,
    long mean,
    long dqSum,
    long dq,
    long dk,
    long dv,
    long q,
    long k,
    long v,
    long out,
    long dOut,
    long cudnn,
    long bytes) {
  private static final long SMALLEST_PLAN = 256; // bytes of every plan seen

  /**
   * @param block as cuDNN sees it: heads of this call, padded head size
   * @param copies whether the caller's tensors are copied
   * @param planBytes what the plan says it needs; 0 while there is no plan
   */
  static FusedScratch forward(BlockShape block, boolean copies, long planBytes) {
    ScratchLayout layout = new ScratchLayout();
    long stats = layout.place(rowBytes(block));
    Copies copied = Copies.place(layout, block, copies);
    long out = copies ? layout.place(queryBytes(block)) : 0;
    long cudnn = layout.place(Math.max(planBytes, SMALLEST_PLAN));
    return new FusedScratch(
        stats, 0, 0, 0, 0, 0, copied.q, copied.k, copied.v, out, 0, cudnn, layout.bytes());
  }

  /** Lays out the scratch of a backward, see {@link #forward}. */
  static FusedScratch backward(
      BlockShape block, boolean copies, boolean deterministic, long planBytes) {
    ScratchLayout layout = new ScratchLayout();
    long stats = layout.place(rowBytes(block));
    long mean = layout.place(rowBytes(block));
    long dqSum = deterministic ? 0 : layout.place(block.queryElements() * DType.F32.bytes());
    long dq = layout.place(queryBytes(block));
    long dk = layout.place(keyBytes(block));
    long dv = layout.place(keyBytes(block));
    Copies copied = Copies.place(layout, block, copies);
    long out = copies ? layout.place(queryBytes(block)) : 0;
    long dOut = copies ? layout.place(queryBytes(block)) : 0;
    long expected = SMALLEST_PLAN + groupBytes(block) + (deterministic ? scoreBytes(block) : 0);
    long cudnn = layout.place(Math.max(planBytes, expected));
    return new FusedScratch(
        stats,
        mean,
        dqSum,
        dq,
        dk,
        dv,
        copied.q,
        copied.k,
        copied.v,
        out,
        dOut,
        cudnn,
        layout.bytes());
  }

  /** What the deterministic backward holds: bf16 scores of all its heads. */
  static long scoreBytes(BlockShape block) {
    return (long) block.batch()
        * block.heads().query()
        * block.queries()
        * block.keys()
        * DType.BF16.bytes();
  }

  /** dk and dv of every query head, before those of a group are summed. */
  private static long groupBytes(BlockShape block) {
    return block.heads().group() == 1 ? 0 : 2 * block.heads().group() * keyBytes(block);
  }

  private static long rowBytes(BlockShape block) {
    return (long) block.batch() * block.heads().query() * block.queries() * DType.F32.bytes();
  }

  private static long queryBytes(BlockShape block) {
    return block.queryElements() * DType.BF16.bytes();
  }

  private static long keyBytes(BlockShape block) {
    return block.keyElements() * DType.BF16.bytes();
  }

  private record Copies(long q, long k, long v) {
    static Copies place(ScratchLayout layout, BlockShape block, boolean copies) {
      return copies
          ? new Copies(
              layout.place(queryBytes(block)),
              layout.place(keyBytes(block)),
              layout.place(keyBytes(block)))
          : new Copies(0, 0, 0);
    }
  }
}
