package ringattention.forecast;

import java.util.List;
import ringattention.input.Configuration;
import ringattention.input.Inputs;
import ringattention.metrics.Hardware;
import ringattention.model.Architecture;
import ringattention.model.ModelShape;
import ringattention.plan.Variants;
import ringattention.run.Precision;

/** Table 4 of the paper (Liu et al. 2023), and its runs as this program's. */
public final class PaperTable {
  /** Tokens of the paper's K. */
  public static final int K = 1024;

  /**
   * A bar of table 4: model FLOP utilization of 30 to 37%.
   *
   * @param blockwise thousands of tokens of a rank's sequence
   * @param ring thousands of tokens of the sequence of all
   */
  public record MfuBar(
      String name, Hardware hardware, int ranks, ModelShape model, int blockwise, int ring) {}

  public static final List<MfuBar> UTILIZATIONS =
      List.of(
          new MfuBar("8xA100-NVLink", Hardware.A100_NVLINK, 8, ModelShape.PAPER_7B, 32, 256),
          new MfuBar("8xA100-NVLink", Hardware.A100_NVLINK, 8, ModelShape.PAPER_13B, 16, 128),
          new MfuBar(
              "32xA100-InfiniBand", Hardware.A100_INFINIBAND, 32, ModelShape.PAPER_13B, 64, 2048),
          new MfuBar("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_30B, 16, 2048),
          new MfuBar("TPUv4-1024", Hardware.TPU_V4, 512, ModelShape.PAPER_65B, 8, 1024));

  private PaperTable() {}

  /** A run as the paper's: its feed-forward's blocks, one sequence on each rank or of all. */
  public static Configuration run(
      Inputs inputs,
      ModelShape model,
      Precision precision,
      Architecture architecture,
      int tokensPerRank,
      int ranks) {
    return Variants.of(
        inputs.defaults(
            List.of(
                "model.shape=" + model,
                "device.precision=" + precision,
                "train.sequence=" + tokensPerRank,
                "train.steps=1",
                "feedForward.block=2048",
                "lossHead.block=2048")),
        architecture,
        tokensPerRank,
        1,
        ranks);
  }
}
