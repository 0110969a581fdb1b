package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import ringattention.device.DType;
import ringattention.model.Architecture;
import ringattention.report.BenchTable;
import ringattention.report.Plots;

/** The columns of {@code context.csv}. */
public final class ContextTable {
  /**
   * One architecture of a model.
   *
   * @param model name of its sizes but the number of layers
   * @param compute type of activations
   * @param device one word or a model of GPU
   * @param memoryCap bytes a rank's device may hold
   * @param tokensPerRank that the plan proposes; 0 if nothing fits
   * @param blockwiseTokens of one sequence that blockwise attention and feed-forward train; empty
   *     if they are not compared
   * @param headGroups that attention goes in
   * @param planned bytes of the fullest rank
   */
  public record Row(
      String model,
      int layers,
      DType compute,
      Architecture architecture,
      int ranks,
      String device,
      long memoryCap,
      int tokensPerRank,
      OptionalInt blockwiseTokens,
      int headGroups,
      long planned,
      Proof proof) {
    /** Returns the planned tokens of one sequence. */
    public int plannedTokens() {
      return tokensPerRank * sharing();
    }

    /** Returns the trained tokens of one sequence; empty if none was trained. */
    private String measuredTokens() {
      return proof.trained() ? String.valueOf(plannedTokens()) : "";
    }

    private int sharing() {
      return architecture == Architecture.RING ? ranks : 1;
    }

    /** NaN if blockwise is not compared. */
    public double ratio() {
      return blockwiseTokens.isPresent() && blockwiseTokens.getAsInt() > 0
          ? (double) plannedTokens() / blockwiseTokens.getAsInt()
          : Double.NaN;
    }
  }

  /**
   * What became of the plan's proposal.
   *
   * @param trained whether steps of that length were taken
   * @param peak bytes of the fullest rank
   * @param stepS of the slowest rank; NaN if none was taken
   * @param loss of the last step, in nats per token; NaN likewise
   */
  public record Proof(boolean trained, long peak, double stepS, double loss) {
    /** Nothing was trained. */
    public static final Proof NONE = new Proof(false, 0, Double.NaN, Double.NaN);
  }

  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("model", "%s", Row::model)
          .column("dtype", "%s", row -> dtype(row.compute()))
          .column("architecture", "%16s", row -> row.architecture().toString())
          .column("ranks", "%d", Row::ranks)
          .column("device", "%s", Row::device)
          .gib("memory_cap_gib", "%.4f", Row::memoryCap)
          .column("planned_tokens", "%d", Row::plannedTokens)
          .column("measured_tokens", "%s", Row::measuredTokens)
          .column("ratio_to_blockwise", "%.3f", Row::ratio)
          .column("layers", "%d", Row::layers)
          .column("tokens_per_rank", "%d", Row::tokensPerRank)
          .column("head_groups", "%d", Row::headGroups)
          .gib("planned_gib", "%.4f", Row::planned)
          .gib("peak_gib", "%.4f", row -> row.proof().peak())
          .column("step_s", "s", "%.3f", row -> row.proof().stepS())
          .column("loss", "nats", "%.4f", row -> row.proof().loss());

  private static String dtype(DType compute) {
    return switch (compute) {
      case F32 -> "fp32";
      case F64 -> "fp64";
      default -> "bf16";
    };
  }

  BenchTable<Row> table() {
    return table;
  }

  /** Bars of tokens for each model, one for each architecture. */
  public byte[] plot() {
    List<Row> rows = table.rows();
    List<String> models = rows.stream().map(Row::model).distinct().toList();
    List<Plots.Bars> bars = new ArrayList<>();
    for (Architecture architecture : rows.stream().map(Row::architecture).distinct().toList()) {
      bars.add(
          new Plots.Bars(
              architecture.title(),
              models.stream().map(model -> tokens(model, architecture)).toList()));
    }
    return Plots.bars("Longest sequence that trains", "model", "tokens", models, bars);
  }

  private double tokens(String model, Architecture architecture) {
    return table.rows().stream()
        .filter(row -> row.model().equals(model) && row.architecture() == architecture)
        .mapToDouble(Row::plannedTokens)
        .findFirst()
        .orElse(0);
  }
}
