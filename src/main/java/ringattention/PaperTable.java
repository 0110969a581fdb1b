package ringattention;

import java.util.List;
import ringattention.config.Architecture;
import ringattention.config.Configuration;
import ringattention.config.Inputs;
import ringattention.config.ModelShape;
import ringattention.config.Precision;
import ringattention.metrics.Hardware;

/**
 * The runs of the paper (Liu et al. 2023, tables 3 and 4) that can be planned. A slice of TPUs is
 * named by its cores, two a chip, for v3 and v4; a rank is a chip.
 */
final class PaperTable {
  /** Tokens of the paper's K. */
  static final int K = 1024;

  /**
   * A row of table 3: thousands of tokens trained end to end.
   *
   * @param name of the hardware there
   * @param ranks devices
   * @param precision fp32 on GPUs, appendix B.1
   */
  record Context(
      String name,
      Hardware hardware,
      int ranks,
      ModelShape model,
      Precision precision,
      int vanilla,
      int memoryEfficient,
      int blockwise,
      int ring) {
    int thousands(Architecture architecture) {
      return switch (architecture) {
        case VANILLA -> vanilla;
        case MEMORY_EFFICIENT -> memoryEfficient;
        case BLOCKWISE -> blockwise;
        case RING -> ring;
      };
    }
  }

  /**
   * A bar of table 4: model FLOP utilization of 30 to 37%.
   *
   * @param blockwise thousands of tokens of a rank's sequence
   * @param ring thousands of tokens of the sequence of all
   */
  record MfuBar(
      String name, Hardware hardware, int ranks, ModelShape model, int blockwise, int ring) {}

  static final List<Context> CONTEXTS =
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

  static final List<MfuBar> UTILIZATIONS =
      List.of(
          new MfuBar("8xA100-NVLink", Hardware.A100_NVLINK, 8, ModelShape.PAPER_7B, 32, 256),
          new MfuBar("8xA100-NVLink", Hardware.A100_NVLINK, 8, ModelShape.PAPER_13B, 16, 128),
          new MfuBar(
              "32xA100-InfiniBand", Hardware.A100_INFINIBAND, 32, ModelShape.PAPER_13B, 64, 2048),
          new MfuBar("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_30B, 16, 2048),
          new MfuBar("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_65B, 8, 1024));

  private PaperTable() {}

  private static Context gpu8(ModelShape model, int vanilla, int efficient, int block, int ring) {
    return new Context(
        "8xA100-NVLink",
        Hardware.A100_NVLINK,
        8,
        model,
        Precision.FP32,
        vanilla,
        efficient,
        block,
        ring);
  }

  private static Context gpu32(ModelShape model, int vanilla, int efficient, int block, int ring) {
    return new Context(
        "32xA100-InfiniBand",
        Hardware.A100_INFINIBAND,
        32,
        model,
        Precision.FP32,
        vanilla,
        efficient,
        block,
        ring);
  }

  private static Context tpu(
      String name,
      Hardware hardware,
      int ranks,
      ModelShape model,
      int vanilla,
      int efficient,
      int block,
      int ring) {
    return new Context(
        name, hardware, ranks, model, Precision.BF16, vanilla, efficient, block, ring);
  }

  /** A run as the paper's: its feed-forward's blocks, one sequence on each rank or of all. */
  static Configuration run(
      ModelShape model,
      Precision precision,
      Architecture architecture,
      int tokensPerRank,
      int ranks) {
    return Inputs.defaults(
            List.of(
                "model.shape=" + model,
                "device.precision=" + precision,
                "train.sequence=" + tokensPerRank,
                "train.steps=1",
                "feedForward.block=2048",
                "lossHead.block=2048"))
        .with(architecture, tokensPerRank, 1, ranks);
  }
}
