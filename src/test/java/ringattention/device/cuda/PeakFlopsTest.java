package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.DType;

class PeakFlopsTest {
  /** Names as drivers give them, figures of the vendor's data sheets in TFLOP/s. */
  @ParameterizedTest
  @CsvSource({
    "NVIDIA H200, 989.4, 66.9",
    "NVIDIA H100 80GB HBM3, 989.4, 66.9",
    "NVIDIA GH200 480GB, 989.4, 66.9",
    "NVIDIA H100 NVL, 835.5, 60",
    "NVIDIA H200 NVL, 835.5, 60",
    "NVIDIA H100 PCIe, 756, 51.2",
    "NVIDIA A100-SXM4-80GB, 312, 19.5",
    "NVIDIA A100 80GB PCIe, 312, 19.5",
    "NVIDIA B200, 2250, 75",
    "NVIDIA L40S, 362, 91.6",
    "NVIDIA GeForce RTX 4090, 165.2, 82.6"
  })
  void isTheVendorsDenseFigure(String name, double bf16, double fp32) {
    assertEquals(bf16 * 1e12, PeakFlops.of(name, DType.BF16).orElseThrow());
    assertEquals(fp32 * 1e12, PeakFlops.of(name, DType.F32).orElseThrow());
  }

  /** Slices of a GPU and relatives with other rates among them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
        "NVIDIA A100-SXM4-40GB MIG 3g.20gb",
        "NVIDIA GeForce RTX 4090 D",
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA L40",
        "Tesla V100-SXM2-16GB",
        "NVIDIA H100",
        ""
      })
  void isUnknownRatherThanWrong(String name) {
    assertTrue(PeakFlops.of(name, DType.BF16).isEmpty(), name);
  }
}
