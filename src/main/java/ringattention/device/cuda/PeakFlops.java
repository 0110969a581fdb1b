package ringattention.device.cuda;

import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import ringattention.device.DType;

/**
 * What matrix products of a GPU could reach, in FLOP per second, by the vendor's data sheets: dense
 * bf16 with fp32 sums on tensor cores, and fp32 without them, for there is no TF32 here. A model
 * that is not in the table has no known peak: a wrong one would be worse than none.
 */
final class PeakFlops {
  private record Peak(Pattern model, double bf16, double fp32) {
    static Peak of(String model, double bf16Tera, double fp32Tera) {
      return new Peak(Pattern.compile(model), bf16Tera * 1e12, fp32Tera * 1e12);
    }
  }

  /** By the name the driver gives, without the vendor's; the whole name must match. */
  private static final List<Peak> PEAKS =
      List.of(
          Peak.of("B200", 2250, 75),
          Peak.of("(H200|GH200 \\d+GB|H100 80GB HBM3)", 989.4, 66.9),
          Peak.of("(H100|H200) NVL", 835.5, 60),
          Peak.of("H100 PCIe", 756, 51.2),
          Peak.of("A100(-SXM4-\\d+GB|-PCIE-\\d+GB| 80GB PCIe)", 312, 19.5),
          Peak.of("L40S", 362, 91.6),
          Peak.of("GeForce RTX 4090", 165.2, 82.6),
          Peak.of("GeForce RTX 3090", 71, 35.6));

  private PeakFlops() {}

  /**
   * @param name of the GPU, for example {@code NVIDIA H200}
   * @param compute BF16 or F32
   */
  static OptionalDouble of(String name, DType compute) {
    String model = name.replaceFirst("^NVIDIA ", "");
    return PEAKS.stream()
        .filter(peak -> peak.model().matcher(model).matches())
        .mapToDouble(peak -> compute == DType.BF16 ? peak.bf16() : peak.fp32())
        .findFirst();
  }
}
