package ringattention.device.cuda;

import ringattention.device.DType;
import ringattention.device.Tensor;

/** The kernels of attention.cu: how many threads share a row, and how wide they read. */
final class AttentionKernels {
  /** Threads of a block, TILE and MERGED_ROWS: as in the source. */
  private static final int THREADS = 256;

  private static final int TILE = 32;
  private static final int MERGED_ROWS = 2;

  private static final int WARP_BITS = 5;
  private static final int WIDE = 4; // elements of an aligned access

  private final CudaDevice device;

  AttentionKernels(CudaDevice device) {
    this.device = device;
  }

  /**
   * Rows of one head size in device memory, [tokens * batch, heads, headSize], of which some heads.
   *
   * @param heads in memory
   * @param first of the heads
   */
  record Rows(long address, int heads, int first, int headSize) {
    /** Address of the first row. */
    long start(DType dtype) {
      return address + (long) first * headSize * dtype.bytes();
    }
  }

  /**
   * Merges like {@link ringattention.device.BlockAttention#merge}, of arguments that were checked.
   */
  void merge(Tensor total, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp, Tensor out) {
    int headSize = Math.toIntExact(out.dim(3));
    long rows = logSumExp.elements();
    int width = width(headSize, total.address(), blockOut.address(), out.address());
    int laneBits = laneBits(headSize, width);
    launch("merge" + type(total) + type(blockOut) + type(out), width)
        .launch(
            blocks((rows + MERGED_ROWS - 1) / MERGED_ROWS << laneBits),
            THREADS,
            total.address(),
            logSumExp.address(),
            blockOut.address(),
            blockLogSumExp.address(),
            out.address(),
            rows,
            headSize,
            laneBits);
  }

  private static String type(Tensor tensor) {
    return tensor.dtype() == DType.BF16 ? "Bf16" : "Float";
  }

  /**
   * fp32 gradients plus, or replaced by, bf16 ones, for these heads.
   *
   * @param rows tokens * batch
   * @param heads to add, from the first of {@code to}
   * @param from [rows, heads, fromSize], dense
   */
  void addGradient(long rows, int heads, long from, int fromSize, Rows to, boolean add) {
    addGradients(1, rows, heads, from, fromSize, to, from, to.address(), add);
  }

  /** Two at once, of the same shape: the second's addresses come last. */
  void addGradients(
      long rows,
      int heads,
      long from,
      int fromSize,
      Rows to,
      long otherFrom,
      long otherTo,
      boolean add) {
    addGradients(2, rows, heads, from, fromSize, to, otherFrom, otherTo, add);
  }

  private void addGradients(
      int pairs,
      long rows,
      int heads,
      long from,
      int fromSize,
      Rows to,
      long otherFrom,
      long otherTo,
      boolean add) {
    int width = width(to.headSize(), from, otherFrom, to.address(), otherTo);
    int laneBits = laneBits(to.headSize(), width);
    launch("addGradients", width)
        .launch(
            blocks(rowCount(rows, heads) << laneBits),
            pairs,
            THREADS,
            0,
            from,
            to.address(),
            otherFrom,
            otherTo,
            rows * heads,
            heads,
            fromSize,
            to.heads(),
            to.first(),
            to.headSize(),
            laneBits,
            add ? 1 : 0);
  }

  /**
   * Copies rows of bf16 into rows of another size: shorter ones are cut off, longer ones end in 0.
   *
   * @param rows tokens * batch
   * @param heads to copy
   * @param to [rows, heads, toSize], dense
   */
  void copyHeads(long rows, int heads, Rows from, long to, int toSize) {
    int common = from.headSize() % WIDE == 0 ? toSize : from.headSize();
    int width = width(common, from.address(), to);
    int laneBits = laneBits(toSize, width);
    launch("copyHeads", width)
        .launch(
            blocks(rowCount(rows, heads) << laneBits),
            THREADS,
            from.address(),
            to,
            rows * heads,
            heads,
            from.heads(),
            from.first(),
            from.headSize(),
            toSize,
            laneBits);
  }

  /**
   * Log-sum-exp as cuDNN's backward takes it; a query that saw nothing gets probabilities of 0.
   *
   * @param logSumExp [queries, batch, allHeads]
   * @param firstHead of the {@code heads} taken
   * @param stats address of [batch, heads, queries]
   */
  void stats(Tensor logSumExp, int firstHead, int heads, long stats) {
    int queries = Math.toIntExact(logSumExp.dim(0));
    int batch = Math.toIntExact(logSumExp.dim(1));
    device
        .kernel("attention", "statsOfLogSumExp")
        .launch(
            tiles(queries),
            tiles(batch * heads),
            THREADS,
            0,
            logSumExp.address(),
            stats,
            queries,
            batch,
            heads,
            logSumExp.dim(2),
            firstHead);
  }

  /**
   * The way back, for all heads.
   *
   * @param stats address of [batch, heads, queries]
   * @param logSumExp [queries, batch, heads]
   */
  void logSumExp(long stats, Tensor logSumExp) {
    int queries = Math.toIntExact(logSumExp.dim(0));
    int rows = Math.toIntExact(logSumExp.dim(1) * logSumExp.dim(2));
    device
        .kernel("attention", "logSumExpOfStats")
        .launch(tiles(queries), tiles(rows), THREADS, 0, stats, logSumExp.address(), queries, rows);
  }

  private Kernel launch(String name, int width) {
    return device.kernel("attention", name + "x" + width);
  }

  /** Kernels count rows in 32 bits. */
  private static long rowCount(long rows, int heads) {
    long count = rows * heads;
    if (count > 0xffffffffL) {
      throw new IllegalArgumentException(count + " rows of heads in one attention call");
    }
    return count;
  }

  /** Elements of an access: rows of this length one behind the other, from these addresses. */
  static int width(int headSize, long... addresses) {
    boolean aligned = headSize % WIDE == 0;
    for (long address : addresses) {
      aligned &= address % (WIDE * DType.F32.bytes()) == 0;
    }
    return aligned ? WIDE : 1;
  }

  /** Logarithm of the threads that share a row: as many as have work, up to a warp. */
  static int laneBits(int headSize, int width) {
    int lanes = (headSize + width - 1) / width;
    return Math.min(WARP_BITS, 32 - Integer.numberOfLeadingZeros(lanes - 1));
  }

  private static long blocks(long threads) {
    return (threads + THREADS - 1) / THREADS;
  }

  private static int tiles(int length) {
    return (length + TILE - 1) / TILE;
  }
}
