package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cublas.cublasLtGetVersion;
import static org.bytedeco.cuda.global.cudart.cuDeviceGetName;
import static org.bytedeco.cuda.global.cudart.cudaDeviceGetPCIBusId;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceCount;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cudaRuntimeGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** The GPUs this process sees. Needs the CUDA runtime: see {@link CudaLibraries}. */
public final class Gpus {
  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");
  private static final Pattern DRIVER_VERSION = Pattern.compile("\\b\\d{3}\\.\\d+(?:\\.\\d+)*\\b");

  private Gpus() {}

  /**
   * @throws CudaException if there are none, or the driver is too old
   */
  public static int count() {
    int[] count = new int[1];
    Cuda.check(cudaGetDeviceCount(count), "search for GPUs");
    return count[0];
  }

  /** Makes a GPU the calling thread's own, with a context: what an MPI that starts later finds. */
  public static void select(int ordinal) {
    Cuda.check(cudaSetDevice(ordinal), "GPU " + ordinal);
    Cuda.check(cudaFree((Pointer) null), "context on GPU " + ordinal);
  }

  /**
   * Where the GPU is in its machine, for example {@code 0000:18:00.0}: the same in all processes.
   */
  public static String busId(int ordinal) {
    byte[] text = new byte[32];
    Cuda.check(cudaDeviceGetPCIBusId(text, text.length, ordinal), "bus of GPU " + ordinal);
    return text(text);
  }

  /** For example {@code NVIDIA H200}. */
  static String name(int ordinal) {
    byte[] name = new byte[256];
    Cuda.checkDriver(cuDeviceGetName(name, name.length, ordinal), "name of GPU " + ordinal);
    return text(name);
  }

  /** For example {@code NVIDIA H200, 139 GiB}; of the calling thread's GPU. */
  static String model(int ordinal) {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      Cuda.check(cudaMemGetInfo(free, total), "memory of GPU " + ordinal);
      return name(ordinal) + ", " + (total.get() >> 30) + " GiB";
    }
  }

  /** For example {@code CUDA 13.0, driver 580.95.05, cuDNN 9.14, cublasLt 13.0}. */
  static String versions() {
    int[] runtime = new int[1];
    Cuda.check(cudaRuntimeGetVersion(runtime), "CUDA version");
    return String.format(
        "CUDA %d.%d, driver %s, cuDNN %s, cublasLt %s",
        runtime[0] / 1000,
        runtime[0] % 1000 / 10,
        driver(),
        majorMinor(cudnnGetVersion()),
        majorMinor(cublasLtGetVersion()));
  }

  /** From the count of ten thousands and hundreds that cuDNN, cuBLAS and NCCL give. */
  static String majorMinor(long version) {
    return version / 10000 + "." + version % 10000 / 100;
  }

  private static String driver() {
    try {
      Matcher version = DRIVER_VERSION.matcher(Files.readString(DRIVER));
      return version.find() ? version.group() : "unknown";
    } catch (IOException hidden) { // some containers
      return "unknown";
    }
  }

  private static String text(byte[] zeroTerminated) {
    return new String(zeroTerminated, StandardCharsets.UTF_8).split("\0", 2)[0].strip();
  }
}
