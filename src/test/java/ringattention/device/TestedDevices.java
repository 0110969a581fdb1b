package ringattention.device;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.cuda.CudaDevice;
import ringattention.device.cuda.CudaOptions;

/** The devices that the contract tests run on: a new device is one more line. */
final class TestedDevices {
  private static final boolean GPU = Files.exists(Path.of("/dev/nvidiactl")); // the driver's file

  private TestedDevices() {}

  static Map<String, Supplier<Device>> all() {
    Map<String, Supplier<Device>> devices = new LinkedHashMap<>();
    devices.put("cpu", () -> new CpuDevice(2));
    if (GPU) {
      devices.put("cuda in fp32", () -> cuda(DType.F32));
      devices.put("cuda in bf16", () -> cuda(DType.BF16));
    }
    return devices;
  }

  private static Device cuda(DType compute) {
    return new CudaDevice(
        new CudaOptions(
            0, compute, true, 1 << 16, Optional.of(Path.of("target", "kernels").toAbsolutePath())));
  }
}
