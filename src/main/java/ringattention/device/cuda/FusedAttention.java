package ringattention.device.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Tensor;
import ringattention.device.cuda.AttentionKernels.Rows;
import ringattention.device.cuda.BackwardPieces.Piece;
import ringattention.shard.Mask;

/**
 * Attention of block pairs in bf16 by cuDNN's fused engines, which read and write the caller's
 * tensors through strides. Where they cannot, because a head is no multiple of 16 bytes, rows are
 * copied into padded ones whose further elements are 0. Arguments are checked by the caller; no
 * pair is empty.
 */
final class FusedAttention implements AutoCloseable {
  /** Bytes of bf16 scores that a call of the deterministic backward may hold. */
  static final long DETERMINISTIC_BUDGET = 1L << 30;

  private static final int LARGEST_HEAD = 256; // of the backward
  private static final int ALIGNMENT = 16; // bytes of every row
  private static final int HEAD_MULTIPLE = ALIGNMENT / DType.BF16.bytes();

  /** Before this version the backward is wrong on a last tile of keys that is not full. */
  private static final long RAGGED_KEYS = 91501;

  /** Tokens of a tile of scores. */
  static final int TILE = 128;

  private final Cudnn cudnn;
  private final PlanCache plans;
  private final AttentionKernels kernels;
  private final Workspace workspace;
  private final boolean deterministic;

  FusedAttention(CudaDevice device, AttentionKernels kernels) {
    this.cudnn = new Cudnn(device.stream());
    this.plans = new PlanCache(cudnn, device.stream()::synchronize);
    this.kernels = kernels;
    this.workspace = device.workspace();
    this.deterministic = device.options().deterministic();
  }

  /**
   * Whether such pairs are for cuDNN, as far as is known without asking it. It has engines for less
   * than a tile too, but every extent is a plan of its own, and documents have them all.
   */
  static boolean takes(BlockShape pair) {
    return pair.heads().size() <= LARGEST_HEAD && pair.queries() >= TILE && pair.keys() >= TILE;
  }

  /**
   * How many of a pair's keys the backward takes, from the first one on; usually all.
   *
   * @param version of cuDNN
   */
  static int backwardKeys(int keys, long version) {
    return version >= RAGGED_KEYS ? keys : keys / TILE * TILE;
  }

  /** Makes the workspace at least so large now. */
  void reserve(long bytes) {
    workspace.address(bytes);
  }

  /** Bytes of the workspace once a forward and a backward have run. */
  static long workspaceBytes(AttentionCall call, boolean deterministic) {
    BlockShape pair = call.shape();
    BlockShape block = padded(pair);
    boolean copies = block.heads().size() != pair.heads().size();
    long most = FusedScratch.forward(block, copies, 0).bytes();
    for (Piece piece : pieces(pair, call.mask(), call.heads(), deterministic, false)) {
      BlockShape part = piece.block(pair, block.heads().size());
      most = Math.max(most, FusedScratch.backward(part, copies, deterministic, 0).bytes());
    }
    return most;
  }

  /**
   * Computes {@link ringattention.device.BlockAttention#forward}.
   *
   * @throws PlanCache.Refusal before anything is computed
   */
  void forward(BlockShape pair, Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor lse) {
    BlockShape block = padded(pair);
    boolean copies = copies(block, pair, q, k, v, out);
    CudnnPlan plan =
        plans.forward(new FusedShape(block, mask, pair.heads(), pair.heads().scale(), false));
    FusedScratch scratch = FusedScratch.forward(block, copies, plan.workspaceBytes());
    long base = workspace.address(scratch.bytes());
    Reader reader = new Reader(copies, block.heads().size());
    long outRows = copies ? base + scratch.out() : out.address();
    plan.execute(
        base + scratch.cudnn(),
        reader.rows(q, 0, pair.heads().query(), base + scratch.q()),
        reader.rows(k, 0, pair.heads().keyValue(), base + scratch.k()),
        reader.rows(v, 0, pair.heads().keyValue(), base + scratch.v()),
        outRows,
        base + scratch.stats());
    if (copies) {
      Rows computed = new Rows(outRows, pair.heads().query(), 0, block.heads().size());
      long tokens = (long) pair.queries() * pair.batch();
      kernels.copyHeads(tokens, pair.heads().query(), computed, out.address(), pair.heads().size());
    }
    kernels.logSumExp(base + scratch.stats(), lse);
  }

  /** What the backward of a pair reads. */
  record Inputs(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut) {}

  /**
   * Computes {@link ringattention.device.BlockAttention#backward} of at least one head.
   *
   * @throws PlanCache.Refusal before anything is computed
   */
  void backward(BlockShape pair, Inputs inputs, Mask mask, Heads heads, Gradients into) {
    BlockShape whole = padded(pair);
    boolean copies = copies(whole, pair, inputs.q, inputs.k, inputs.v, inputs.out, inputs.dOut);
    List<Call> calls = new ArrayList<>();
    for (Piece piece : pieces(pair, mask, heads, deterministic, into.addKeyValue())) {
      BlockShape block = piece.block(pair, whole.heads().size());
      FusedShape shape =
          new FusedShape(
              block,
              piece.mask(),
              copies ? block.heads() : pair.heads(),
              pair.heads().scale(),
              deterministic);
      calls.add(new Call(piece, block, plans.backward(shape), copies));
    }
    calls.forEach(call -> run(call, inputs, into));
  }

  /** One piece with its plan. */
  private record Call(Piece piece, BlockShape block, CudnnPlan plan, boolean copies) {}

  private void run(Call call, Inputs inputs, Gradients into) {
    Piece piece = call.piece;
    BlockShape block = call.block;
    FusedScratch scratch =
        FusedScratch.backward(block, call.copies, deterministic, call.plan.workspaceBytes());
    long base = workspace.address(scratch.bytes());
    int keyHead = piece.heads().from();
    int queryHead = keyHead * block.heads().group();
    kernels.stats(
        queries(inputs.logSumExp, piece), queryHead, block.heads().query(), base + scratch.stats());

    Reader reader = new Reader(call.copies, block.heads().size());
    Tensor q = queries(inputs.q, piece);
    Tensor k = keys(inputs.k, piece);
    Tensor v = keys(inputs.v, piece);
    Tensor out = queries(inputs.out, piece);
    Tensor dOut = queries(inputs.dOut, piece);
    long[] addresses = {
      reader.rows(q, queryHead, block.heads().query(), base + scratch.q()),
      reader.rows(k, keyHead, block.heads().keyValue(), base + scratch.k()),
      reader.rows(v, keyHead, block.heads().keyValue(), base + scratch.v()),
      reader.rows(out, queryHead, block.heads().query(), base + scratch.out()),
      reader.rows(dOut, queryHead, block.heads().query(), base + scratch.dOut()),
      base + scratch.stats(),
      base + scratch.mean(),
      base + scratch.dq(),
      base + scratch.dk(),
      base + scratch.dv(),
      base + scratch.dqSum()
    };
    call.plan.execute(
        base + scratch.cudnn(),
        deterministic ? Arrays.copyOf(addresses, addresses.length - 1) : addresses);

    kernels.addGradient(
        (long) block.queries() * block.batch(),
        block.heads().query(),
        base + scratch.dq(),
        block.heads().size(),
        rows(queries(into.dq(), piece), queryHead),
        into.addQuery() || piece.keyFrom() > 0); // pieces of the first keys come first
    kernels.addGradients(
        (long) block.keys() * block.batch(),
        block.heads().keyValue(),
        base + scratch.dk(),
        block.heads().size(),
        rows(keys(into.dk(), piece), keyHead),
        base + scratch.dv(),
        keys(into.dv(), piece).address(),
        piece.add());
  }

  /** Gives cuDNN rows of some heads: where they are, or a padded copy. */
  private final class Reader {
    private final boolean copies;
    private final int headSize; // padded

    Reader(boolean copies, int headSize) {
      this.copies = copies;
      this.headSize = headSize;
    }

    long rows(Tensor tensor, int first, int heads, long copy) {
      Rows rows = FusedAttention.rows(tensor, first);
      if (!copies) {
        return rows.start(DType.BF16);
      }
      kernels.copyHeads(tensor.dim(0) * tensor.dim(1), heads, rows, copy, headSize);
      return copy;
    }
  }

  private static Rows rows(Tensor tensor, int first) {
    return new Rows(
        tensor.address(), Math.toIntExact(tensor.dim(2)), first, Math.toIntExact(tensor.dim(3)));
  }

  private static Tensor queries(Tensor tensor, Piece piece) {
    return tensor.slice(piece.queryFrom(), piece.queryTo());
  }

  private static Tensor keys(Tensor tensor, Piece piece) {
    return tensor.slice(piece.keyFrom(), piece.keyTo());
  }

  private static List<Piece> pieces(
      BlockShape pair, Mask mask, Heads heads, boolean deterministic, boolean add) {
    long budget = deterministic ? DETERMINISTIC_BUDGET : Long.MAX_VALUE;
    return BackwardPieces.of(pair, mask, heads, add, budget);
  }

  /** Extents with a head size that cuDNN takes. */
  private static BlockShape padded(BlockShape pair) {
    int size = (pair.heads().size() + HEAD_MULTIPLE - 1) / HEAD_MULTIPLE * HEAD_MULTIPLE;
    return new BlockShape(pair.queries(), pair.keys(), pair.batch(), pair.heads().ofSize(size));
  }

  private static boolean copies(BlockShape padded, BlockShape pair, Tensor... tensors) {
    return padded.heads().size() != pair.heads().size()
        || Arrays.stream(tensors).anyMatch(tensor -> tensor.address() % ALIGNMENT != 0);
  }

  @Override
  public void close() {
    plans.close();
    cudnn.close();
    workspace.close();
  }
}
