package ringattention.metrics;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Hardware that a run can be planned for: figures of one device. FLOP rates and memory bandwidths
 * are the vendors' data sheets' (NVIDIA A100 80GB SXM, H100 SXM, H200 SXM, HGX B200; Google's TPU
 * v3, v4 and v5e), dense, bf16 with fp32 sums and fp32 without TF32. Interconnects are those of
 * table 2 of Liu et al. 2023 where it has them, otherwise NVLink's. Memory is what a process finds
 * free on a device, where that was seen (H200), and what the driver reports, less half a GiB, of
 * the other GPUs. Host memory is that of the vendor's machine with eight devices; of the H200, that
 * of the machine of {@code validation/gpu/2xH200}. TPUs have no rates measured here, and their
 * hosts are left out. {@link #toString} is the spelling on the command line.
 */
public enum Hardware {
  A100_NVLINK("a100-nvlink", "A100-SXM4-80GB", 78.7, 230, 312, 19.5, 2039, 300, 32),
  A100_INFINIBAND("a100-infiniband", "", 78.7, 230, 312, 19.5, 2039, 12.5, 32),
  H100("h100", "H100 80GB HBM3", 78.7, 230, 989.4, 66.9, 3350, 450, 64),
  H200("h200", "H200(?! NVL)", 139.4, 112.4, 989.4, 66.9, 4800, 450, 64),
  B200("b200", "B200", 177.8, 230, 2250, 75, 7700, 900, 64),
  TPU_V3("tpuv3", "", 32, 0, 123, 0, 900, 112, 0),
  TPU_V4("tpuv4", "", 32, 0, 275, 0, 1228, 268, 0),
  TPU_V5E("tpuv5e", "", 16, 0, 196, 0, 819, 186, 0);

  private static final double GIB = 1L << 30;

  private final String spelling;
  private final Optional<Pattern> gpu; // in the driver's name of it, on a board with such links
  private final double memoryGib;
  private final double hostGib;
  private final double bf16Tera;
  private final double fp32Tera;
  private final double memoryGiga;
  private final double linkGiga;
  private final double hostGiga;

  Hardware(
      String spelling,
      String gpu,
      double memoryGib,
      double hostGib,
      double bf16Tera,
      double fp32Tera,
      double memoryGiga,
      double linkGiga,
      double hostGiga) {
    this.spelling = spelling;
    this.gpu =
        gpu.isEmpty() ? Optional.empty() : Optional.of(Pattern.compile("NVIDIA " + gpu + "\\b"));
    this.memoryGib = memoryGib;
    this.hostGib = hostGib;
    this.bf16Tera = bf16Tera;
    this.fp32Tera = fp32Tera;
    this.memoryGiga = memoryGiga;
    this.linkGiga = linkGiga;
    this.hostGiga = hostGiga;
  }

  /** The hardware of this spelling, if there is one. */
  public static Optional<Hardware> named(String spelling) {
    return Arrays.stream(values()).filter(one -> one.spelling.equals(spelling)).findFirst();
  }

  /** The hardware of the GPU that the driver calls by this name, if it is any. */
  public static Optional<Hardware> ofGpu(String name) {
    return Arrays.stream(values())
        .filter(one -> one.gpu.filter(pattern -> pattern.matcher(name).find()).isPresent())
        .findFirst();
  }

  /** Bytes that a process finds free. */
  public double memoryBytes() {
    return memoryGib * GIB;
  }

  /** Bytes of host memory that a device's process may lock; 0 where none is known. */
  public double hostBytes() {
    return hostGib * GIB;
  }

  /** FLOP per second of matrix products in bf16. */
  public double bf16() {
    return bf16Tera * 1e12;
  }

  /** FLOP per second of matrix products in fp32; 0 where there are none. */
  public double fp32() {
    return fp32Tera * 1e12;
  }

  /** Bytes per second to and from its memory. */
  public double memoryBandwidth() {
    return memoryGiga * 1e9;
  }

  /** Bytes per second to another device, one direction. */
  public double linkBandwidth() {
    return linkGiga * 1e9;
  }

  /** Bytes per second to the host, one direction (PCIe); 0 where none is known. */
  public double hostBandwidth() {
    return hostGiga * 1e9;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
