package ringattention.device.cuda;

import java.util.Locale;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.DecodeShape;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;

/**
 * Launches decode.cu. A call gives the same bits for the same arguments on the same model of GPU;
 * other rows or segments beside a row change how the work is split, and so its last bits.
 */
final class CudaDecode implements DecodeAttention, AutoCloseable {
  private static final double LOG2_E = 1 / Math.log(2);
  private static final long MOST_SLOTS = 1 << 30; // counted in 32 bits, with room for a tile
  private static final long MOST_HEAD_SIZE = 256;

  // as in the source
  private static final int THREADS = 128;
  private static final int WARPS = 4;
  private static final int JOINING_THREADS = 256;
  private static final int KEYS = 64;

  private final CudaDevice device;
  private final Workspace scratch;

  CudaDecode(CudaDevice device) {
    this.device = device;
    this.scratch = device.workspace();
  }

  void reserve(long bytes) {
    scratch.address(bytes);
  }

  @Override
  public void attend(Tensor q, Tensor keys, Tensor values, Tensor segments, Tensor partial) {
    DecodeShape shape = DecodeShape.of(device, q, keys, values, segments, partial);
    Require.length("slots", shape.slots(), MOST_SLOTS);
    Require.length("headSize", shape.headSize(), MOST_HEAD_SIZE);
    if (shape.rows() == 0) {
      return;
    }
    int rows = shape.rows();
    int heads = shape.heads();
    int size = shape.headSize();
    DecodeScratch layout =
        DecodeScratch.of(device.multiprocessors(), rows, heads, shape.keyValueHeads(), size);
    long statistics =
        scratch.address(
            device.decodeWorkspaceBytes(
                rows, new HeadCounts(heads, shape.keyValueHeads(), shape.headSize())));
    long outs = statistics + layout.outs();
    boolean matrices = usesMatrixUnits(size, q, keys, values);
    String type = device.compute().name().toLowerCase(Locale.ROOT);
    Kernel kernel =
        matrices
            ? device.kernel("decode", "attend_" + size)
            : device.kernel("decode", "attendPlain_" + type);
    kernel.launch(
        (long) layout.chunks() * shape.keyValueHeads(),
        1,
        THREADS,
        matrices ? sharedBytes(size) : 0,
        q.address(),
        keys.address(),
        values.address(),
        segments.address(),
        outs,
        statistics,
        shape.segments(),
        rows,
        shape.slots(),
        heads,
        shape.keyValueHeads(),
        layout.chunks(),
        Kernel.word((float) (LOG2_E / Math.sqrt(size))),
        size);
    device
        .kernel("decode", "joinChunks")
        .launch(
            layout.lanes(),
            JOINING_THREADS,
            outs,
            statistics,
            partial.address(),
            layout.lanes(),
            layout.chunks(),
            size);
  }

  @Override
  public String libraryName() {
    return device.attention().hasFused() ? "cudnn" : "";
  }

  /** Query heads of a key/value head are cuDNN's business; with a causal mask it would be wrong. */
  @Override
  public void library(Tensor q, Tensor keys, Tensor values, Tensor out, Tensor logSumExp) {
    try {
      device
          .attention()
          .fusedForward(sequence(q), sequence(keys), sequence(values), sequence(out), logSumExp);
    } catch (PlanCache.Refusal | CudaException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  /** Returns rows as tokens of one sequence, [rows, 1, heads, headSize]. */
  private static Tensor sequence(Tensor rows) {
    return rows.view(rows.dim(0), 1, rows.dim(1), rows.dim(2));
  }

  /** Whether the tiled kernel takes these; the plain one takes all others. */
  private boolean usesMatrixUnits(int size, Tensor... tensors) {
    boolean fits = size % 8 == 0 && 64 <= size && size <= 128;
    boolean aligned = true;
    for (Tensor tensor : tensors) {
      aligned &= tensor.address() % 16 == 0;
    }
    return device.compute() == DType.BF16
        && fits
        && aligned
        && sharedBytes(size) <= device.mostSharedBytes();
  }

  /** Bytes of shared memory of a block: tiles on their way, and what a warp hands to the next. */
  static int sharedBytes(int size) {
    int stages = size <= 96 ? 4 : 3;
    int pitch = (size / 8 | 1) * 8;
    int handed = (size / 2 + 4) * 32;
    return stages * 2 * KEYS * pitch * DType.BF16.bytes() + handed * DType.F32.bytes();
  }

  @Override
  public void merge(Tensor parts, Tensor out) {
    DecodeShape.requireMerge(device, parts, out);
    long lanes = Require.rows(out);
    String type = out.dtype().name().toLowerCase(Locale.ROOT);
    device
        .kernel("decode", "mergeRanks_" + type)
        .launch(
            Pack.ceil(lanes, WARPS),
            THREADS,
            parts.address(),
            out.address(),
            lanes,
            parts.dim(0),
            Require.columns(out));
  }

  @Override
  public void store(Tensor from, Tensor slots, Tensor to) {
    DecodeShape.requireStore(device, from, slots, to);
    long length = from.dim(1) * from.dim(2);
    Pack pack = Pack.ofRows(length, from, to);
    device
        .kernel("decode", pack.kernel("place", from.dtype()))
        .launch(
            from.dim(0),
            Math.toIntExact(Pack.ceil(pack.of(length), THREADS)),
            THREADS,
            0,
            from.address(),
            slots.address(),
            to.address(),
            length);
  }

  @Override
  public void close() {
    scratch.close();
  }
}
