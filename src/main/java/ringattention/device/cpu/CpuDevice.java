package ringattention.device.cpu;

import java.util.List;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.HeadCounts;
import ringattention.device.HostDevice;
import ringattention.device.Kernels;
import ringattention.device.MemoryCount;

/**
 * The CPU in fp32: matrix products by OpenBLAS, everything else by the JDK's Vector API. Several
 * can be alive in one process; each has its own threads. It holds {@link #workspaceBytes} of native
 * memory, beside what OpenBLAS keeps for itself (about 32 MiB of address space a thread), and rows
 * of the longest kernel in the Java heap.
 */
public final class CpuDevice extends HostDevice {
  private final Workers workers;
  private final Kernels kernels;
  private final BlockAttention attention;
  private final CpuDecode decode;

  /**
   * @param threads that compute, the calling one included; results are the same bits only for the
   *     same number
   */
  public CpuDevice(int threads) {
    this(threads, MemoryCount.UNCAPPED);
  }

  /**
   * Opens the device like {@link #CpuDevice(int)}, with a cap.
   *
   * @param memoryCap most bytes allocated at once, workspace included
   * @throws OutOfMemoryError if the workspace exceeds it
   */
  public CpuDevice(int threads, long memoryCap) {
    super(memoryCap);
    if (threads < 1) {
      throw new IllegalArgumentException("a cpu device needs at least 1 thread, not " + threads);
    }
    OpenBlas.useOneThread();
    workers = new Workers(threads, this::allocate);
    kernels = new CpuKernels(workers);
    attention = new CpuBlockAttention(workers);
    decode = new CpuDecode(this, workers, this::allocate);
  }

  /** Two tiles of attention scores for each thread. */
  @Override
  public long workspaceBytes(List<AttentionCall> calls) {
    return workers.count() * Worker.bytes();
  }

  @Override
  public long decodeWorkspaceBytes(int rows, HeadCounts heads) {
    return CacheParts.bytes(rows, heads.query(), heads.size());
  }

  @Override
  public void reserveDecode(int rows, HeadCounts heads) {
    decode.reserve(decodeWorkspaceBytes(rows, heads));
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    int threads = workers.count();
    return OpenBlas.description()
        + ", "
        + threads
        + (threads == 1 ? " thread" : " threads")
        + ", "
        + VectorMath.LANES.vectorBitSize()
        + "-bit vectors";
  }

  @Override
  public DType compute() {
    return DType.F32;
  }

  @Override
  public DType sum() {
    return DType.F32;
  }

  @Override
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public BlockAttention attention() {
    return attention;
  }

  @Override
  public DecodeAttention decode() {
    return decode;
  }

  /**
   * Ends the threads and frees the workspace; memory allocated from the device stays its owners' to
   * close.
   */
  @Override
  public void close() {
    decode.close();
    workers.close();
  }
}
