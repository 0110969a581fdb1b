package ringattention.plan;

import java.util.List;
import java.util.Locale;
import ringattention.metrics.Hardware;
import ringattention.model.Architecture;
import ringattention.model.ModelShape;
import ringattention.run.Precision;

/**
 * A row of table 3 of the paper (Liu, Zaharia, Abbeel 2023, arXiv 2310.01889): the longest context
 * trained end to end with sharded parameters, in thousands of tokens. A slice of TPUs is named by
 * its cores, two a chip, for v3 and v4; a rank is a chip.
 *
 * @param title of the hardware, and how many of it
 * @param ranks devices
 * @param precision fp32 on GPUs, appendix B.1
 * @param vanilla attention and feed-forward; the other architectures follow
 */
public record PaperContext(
    String title,
    Hardware hardware,
    int ranks,
    ModelShape model,
    Precision precision,
    int vanilla,
    int memoryEfficient,
    int blockwise,
    int ring) {
  /** All rows, in the paper's order. */
  public static final List<PaperContext> ROWS =
      List.of(
          gpu8(ModelShape.PAPER_3B, 4, 32, 64, 512),
          gpu8(ModelShape.PAPER_7B, 2, 16, 32, 256),
          gpu8(ModelShape.PAPER_13B, 2, 4, 16, 128),
          gpu32(ModelShape.PAPER_7B, 4, 64, 128, 4096),
          gpu32(ModelShape.PAPER_13B, 4, 32, 64, 2048),
          tpu("TPUv3-512", Hardware.TPU_V3, 256, ModelShape.PAPER_7B, 1, 4, 8, 2048),
          tpu("TPUv3-512", Hardware.TPU_V3, 256, ModelShape.PAPER_13B, 1, 2, 8, 1024),
          tpu("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_3B, 8, 16, 32, 16384),
          tpu("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_7B, 4, 8, 16, 8192),
          tpu("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_13B, 4, 8, 16, 4096),
          tpu("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_30B, 2, 4, 8, 2048),
          tpu("TPUv5e-256", Hardware.TPU_V5E, 256, ModelShape.PAPER_3B, 4, 8, 32, 4096),
          tpu("TPUv5e-256", Hardware.TPU_V5E, 256, ModelShape.PAPER_7B, 2, 8, 16, 2048));

  private static PaperContext gpu8(
      ModelShape model, int vanilla, int efficient, int block, int ring) {
    Hardware nvlink = Hardware.A100_NVLINK;
    return new PaperContext(
        "8x A100 NVLink", nvlink, 8, model, Precision.FP32, vanilla, efficient, block, ring);
  }

  private static PaperContext gpu32(
      ModelShape model, int vanilla, int efficient, int block, int ring) {
    Hardware infiniband = Hardware.A100_INFINIBAND;
    return new PaperContext(
        "32x A100 InfiniBand",
        infiniband,
        32,
        model,
        Precision.FP32,
        vanilla,
        efficient,
        block,
        ring);
  }

  private static PaperContext tpu(
      String title,
      Hardware hardware,
      int ranks,
      ModelShape model,
      int vanilla,
      int efficient,
      int block,
      int ring) {
    return new PaperContext(
        title, hardware, ranks, model, Precision.BF16, vanilla, efficient, block, ring);
  }

  /** The rows of a model; none if the paper does not have it. */
  public static List<PaperContext> of(String model) {
    return ROWS.stream().filter(row -> row.model.toString().equals(model)).toList();
  }

  /** The title in one word. */
  public String name() {
    return title.replace("x ", "x").replace(' ', '-');
  }

  /** The paper's tokens, in thousands. */
  public int thousands(Architecture architecture) {
    return switch (architecture) {
      case VANILLA -> vanilla;
      case MEMORY_EFFICIENT -> memoryEfficient;
      case BLOCKWISE -> blockwise;
      case RING -> ring;
    };
  }

  /** For example {@code 7B on 8x A100 NVLink: 2K, 16K, 32K, ring 256K (8x)}. */
  public String line() {
    return String.format(
        Locale.ROOT,
        "%s on %s: vanilla %dK, memory-efficient %dK, blockwise %dK, ring %dK (%dx)",
        model,
        title,
        vanilla,
        memoryEfficient,
        blockwise,
        ring,
        ring / blockwise);
  }
}
