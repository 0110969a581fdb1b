package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of GPUs as drivers write them. */
class HardwareTest {
  @ParameterizedTest
  @CsvSource({
    "'NVIDIA H200, 139 GiB, bf16, CUDA 13.0', h200",
    "NVIDIA H200, h200",
    "NVIDIA H200 NVL,",
    "'NVIDIA H100 80GB HBM3, 79.1 GiB', h100",
    "NVIDIA H100 PCIe,",
    "NVIDIA A100-SXM4-80GB, a100-nvlink",
    "NVIDIA A100-PCIE-40GB,",
    "NVIDIA B200, b200",
    "NVIDIA GB200,",
    "'jvm, vectors of 8 floats',",
    "'',"
  })
  void gpusByName(String name, String spelling) {
    assertEquals(Optional.ofNullable(spelling), Hardware.ofGpu(name).map(Hardware::toString), name);
  }
}
