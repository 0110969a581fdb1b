package ringattention.bench.training;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import ringattention.device.DType;
import ringattention.model.Architecture;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.Plots;

/** The columns of {@code context.csv}. */
public final class ContextTable {
  private static final double GIB = 1L << 30;

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
    /** Of one sequence. */
    public int plannedTokens() {
      return tokensPerRank * sharing();
    }

    /** Of one sequence; empty text if none was trained. */
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

  private record Field(Column column, Function<Row, Object> value) {}

  private static final List<Field> FIELDS =
      List.of(
          field("model", "", "%s", Row::model),
          field("dtype", "", "%s", row -> dtype(row.compute())),
          field("architecture", "", "%16s", row -> row.architecture().toString()),
          field("ranks", "", "%d", Row::ranks),
          field("device", "", "%s", Row::device),
          field("memory_cap_gib", "GiB", "%.4f", row -> row.memoryCap() / GIB),
          field("planned_tokens", "", "%d", Row::plannedTokens),
          field("measured_tokens", "", "%s", Row::measuredTokens),
          field("ratio_to_blockwise", "", "%.3f", Row::ratio),
          field("layers", "", "%d", Row::layers),
          field("tokens_per_rank", "", "%d", Row::tokensPerRank),
          field("head_groups", "", "%d", Row::headGroups),
          field("planned_gib", "GiB", "%.4f", row -> row.planned() / GIB),
          field("peak_gib", "GiB", "%.4f", row -> row.proof().peak() / GIB),
          field("step_s", "s", "%.3f", row -> row.proof().stepS()),
          field("loss", "nats", "%.4f", row -> row.proof().loss()));

  private final BenchTable table = new BenchTable(FIELDS.stream().map(Field::column).toList());
  private final List<Row> rows = new ArrayList<>();

  private static Field field(String name, String unit, String format, Function<Row, Object> value) {
    return new Field(new Column(name, unit, format), value);
  }

  private static String dtype(DType compute) {
    return switch (compute) {
      case F32 -> "fp32";
      case F64 -> "fp64";
      default -> "bf16";
    };
  }

  public List<String> header() {
    return table.header();
  }

  /** Adds a row and returns its line. */
  public String row(Row row) {
    rows.add(row);
    return table.row(values(row));
  }

  public String csv() {
    return table.csv();
  }

  /** All rows, for JSON. */
  public List<Map<String, Object>> records() {
    List<Map<String, Object>> records = new ArrayList<>();
    for (Row row : rows) {
      Map<String, Object> record = new LinkedHashMap<>();
      FIELDS.forEach(field -> record.put(field.column().name(), field.value().apply(row)));
      records.add(record);
    }
    return records;
  }

  /** Bars of tokens for each model, one for each architecture. */
  public byte[] plot() {
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
    return rows.stream()
        .filter(row -> row.model().equals(model) && row.architecture() == architecture)
        .mapToDouble(Row::plannedTokens)
        .findFirst()
        .orElse(0);
  }

  private static Object[] values(Row row) {
    return FIELDS.stream().map(field -> field.value().apply(row)).toArray();
  }
}
