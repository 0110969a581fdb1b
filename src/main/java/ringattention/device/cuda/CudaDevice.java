package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMajor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMinor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrMaxSharedMemoryPerBlockOptin;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrMultiProcessorCount;
import static org.bytedeco.cuda.global.cudart.cudaDeviceGetAttribute;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;

import java.util.List;
import java.util.function.Supplier;
import ringattention.device.AttentionCall;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.HeadCounts;
import ringattention.device.Kernels;
import ringattention.device.Memory;
import ringattention.device.MemoryCount;
import ringattention.device.NamedWork;
import ringattention.device.Recorded;
import ringattention.device.Tensor;
import ringattention.device.TimedRange;

/**
 * One NVIDIA GPU: attention by cuDNN, matrix products by cublasLt, everything else by own kernels
 * compiled at first use. Work goes to one stream, in order. Computes in bf16 with fp32 sums, or
 * everything in fp32 (no TF32).
 */
public final class CudaDevice implements TraitsDevice {
  private final CudaOptions options;
  private final int together; // processes that have the GPU
  private final MemoryCount count;
  private final CudaTraits traits;
  private final int multiprocessors;
  private final int mostSharedBytes;
  private final Stream stream;
  private final KernelLibrary library;
  private final Transfer transfer;
  private final Staging staging;
  private final Cublas cublas;
  private final CudaKernels kernels;
  private final CudaBlockAttention attention;
  private final CudaDecode decode;
  private final MemoryCount hostCount = new MemoryCount(MemoryCount.UNCAPPED);
  private final Ranges ranges;
  private boolean recording;

  /**
   * Makes the GPU the current one of the calling thread, which must be the one that uses the
   * device. Before MPI starts.
   */
  public CudaDevice(CudaOptions options) {
    this.options = options;
    this.count = new MemoryCount(options.memoryCap());
    this.together = options.together();
    Cuda.check(cudaSetDevice(options.ordinal()), "GPU " + options.ordinal());
    this.traits =
        new CudaTraits(
            options.compute(),
            options.deterministic(),
            options.causalBlock(),
            options.compute() == DType.BF16 ? Cudnn.version() : 0,
            PeakFlops.of(Gpus.name(options.ordinal()), options.compute()));
    this.multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
    this.mostSharedBytes = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    String architecture =
        "sm_"
            + attribute(cudaDevAttrComputeCapabilityMajor)
            + attribute(cudaDevAttrComputeCapabilityMinor);
    this.stream = new Stream();
    this.ranges = new Ranges(stream);
    this.library =
        new KernelLibrary(new KernelCompiler(architecture, options.kernelCache()), stream);
    this.transfer = new Transfer(stream);
    this.staging = new Staging();
    this.cublas = new Cublas(this);
    this.kernels = new CudaKernels(this);
    this.attention = new CudaBlockAttention(this);
    this.decode = new CudaDecode(this);
  }

  private int attribute(int attribute) {
    int[] value = new int[1];
    Cuda.check(cudaDeviceGetAttribute(value, attribute, options.ordinal()), "device attribute");
    return value[0];
  }

  CudaOptions options() {
    return options;
  }

  @Override
  public CudaTraits traits() {
    return traits;
  }

  int multiprocessors() {
    return multiprocessors;
  }

  /** Bytes of shared memory that a block may have if its kernel asks for them. */
  int mostSharedBytes() {
    return mostSharedBytes;
  }

  Stream stream() {
    return stream;
  }

  Cublas cublas() {
    return cublas;
  }

  /** A kernel of src/main/cuda/FILE.cu. */
  Kernel kernel(String file, String name) {
    return library.kernel(file, name);
  }

  /** Scratch that grows with use and is counted among the allocated bytes. */
  Workspace workspace() {
    return new Workspace(this::allocate, stream::synchronize);
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    return numerics() + ", GPU " + options.ordinal();
  }

  @Override
  public String numerics() {
    return Gpus.model(options.ordinal())
        + ", "
        + (options.compute() == DType.BF16 ? "bf16" : "fp32")
        + ", "
        + Gpus.versions();
  }

  @Override
  public CudaMemory allocate(long bytes) {
    count.require(bytes);
    CudaMemory memory = new CudaMemory(bytes, () -> count.remove(bytes));
    count.add(bytes);
    return memory;
  }

  @Override
  public Memory allocateHost(long bytes) {
    Memory memory = new PinnedMemory(bytes, () -> hostCount.remove(bytes));
    hostCount.add(bytes);
    return memory;
  }

  @Override
  public long freeBytes() {
    return Math.min(count.free(), CudaMemory.freeBytes() / together);
  }

  @Override
  public void reserveWorkspace(List<AttentionCall> calls) {
    attention.reserveWorkspace(calls);
  }

  @Override
  public long peakHostBytes() {
    return hostCount.peak();
  }

  @Override
  public boolean repeats() {
    return options.deterministic() || options.compute() == DType.F32;
  }

  @Override
  public boolean asynchronous() {
    return true;
  }

  @Override
  public void reserveDecode(int rows, HeadCounts heads) {
    decode.reserve(decodeWorkspaceBytes(rows, heads));
  }

  @Override
  public long allocatedBytes() {
    return count.allocated();
  }

  @Override
  public long peakBytes() {
    return count.peak();
  }

  @Override
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public CudaBlockAttention attention() {
    return attention;
  }

  @Override
  public DecodeAttention decode() {
    return decode;
  }

  @Override
  public Recorded record(Runnable work) {
    recording = true;
    try {
      return RecordedGraph.of(stream, work);
    } finally {
      recording = false;
    }
  }

  @Override
  public Completion mark() {
    return stream.mark();
  }

  @Override
  public void waitFor(Completion point) {
    stream.waitFor(point);
  }

  @Override
  public Completion toHost(Tensor from, Tensor to) {
    return staging.toHost(from, to, stream);
  }

  @Override
  public Completion toDevice(Tensor from, Tensor to, Completion free, Completion... complete) {
    return staging.toDevice(from, to, free, complete);
  }

  @Override
  public NamedWork range(Supplier<String> name) {
    return recording ? NamedWork.NONE : ranges.open(name); // recorded work has no times of its own
  }

  @Override
  public void showToProfiler() {
    ranges.showToProfiler();
  }

  @Override
  public void startTrace() {
    ranges.startTrace();
  }

  @Override
  public List<TimedRange> stopTrace() {
    return ranges.stopTrace();
  }

  @Override
  public void synchronize() {
    stream.synchronize();
  }

  @Override
  public void write(Tensor to, double... values) {
    transfer.write(to, values);
  }

  @Override
  public void write(Tensor to, int... values) {
    transfer.write(to, values);
  }

  @Override
  public double[] read(Tensor from) {
    return transfer.read(from);
  }

  @Override
  public void close() {
    stream.synchronize();
    staging.close();
    attention.close();
    decode.close();
    kernels.close();
    cublas.close();
    library.close();
    stream.close();
  }
}
