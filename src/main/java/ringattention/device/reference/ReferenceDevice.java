package ringattention.device.reference;

import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.util.List;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.HostDevice;
import ringattention.device.Kernels;
import ringattention.device.MemoryCount;
import ringattention.device.Tensor;

/**
 * The slow, obvious truth that other devices are compared with: plain loops over double-precision
 * elements, one thread, about 1 GFLOP/s. Compute and sum type are both {@link DType#F64}. Tensors
 * must not exceed 1 GiB.
 */
public final class ReferenceDevice extends HostDevice {
  private static final long LARGEST_TENSOR = 1L << 30;

  private final Kernels kernels = new ReferenceKernels();
  private final BlockAttention attention = new ReferenceAttention();
  private final DecodeAttention decode = new ReferenceDecode(this);

  public ReferenceDevice() {
    this(MemoryCount.UNCAPPED);
  }

  /**
   * @param memoryCap most bytes allocated at once
   */
  public ReferenceDevice(long memoryCap) {
    super(memoryCap);
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "float64, plain loops, 1 thread";
  }

  @Override
  public long workspaceBytes(List<AttentionCall> calls) {
    return 0;
  }

  @Override
  public DType compute() {
    return DType.F64;
  }

  @Override
  public DType sum() {
    return DType.F64;
  }

  @Override
  public long largestTensorBytes() {
    return LARGEST_TENSOR;
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

  @Override
  public void close() {}

  /** The elements of a floating tensor, in row-major order, sharing its memory. */
  static DoubleBuffer doubles(Tensor tensor) {
    require(tensor, DType.F64);
    return tensor.buffers()[0].asDoubleBuffer();
  }

  /** The elements of a tensor of tokens, labels or positions. */
  static IntBuffer integers(Tensor tensor) {
    require(tensor, DType.I32);
    return tensor.buffers()[0].asIntBuffer();
  }

  private static void require(Tensor tensor, DType dtype) {
    if (tensor.dtype() != dtype || tensor.bytes() > LARGEST_TENSOR) {
      throw new IllegalArgumentException(
          tensor + ": the reference takes " + dtype + " under 1 GiB here");
    }
  }
}
