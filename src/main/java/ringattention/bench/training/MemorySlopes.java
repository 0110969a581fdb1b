package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import ringattention.bench.training.LayerFormulas.Term;
import ringattention.bench.training.LayerMemoryTable.Row;
import ringattention.device.DType;
import ringattention.model.Architecture;
import ringattention.model.ModelConfig;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.Check;

/**
 * How measured bytes grow with length, block and ranks, and whether that is what the architectures
 * promise. All slopes are of a rank's bytes by its own tokens, without the device's workspace.
 */
public final class MemorySlopes {
  private static final double SLOPE = 0.02;
  private static final double STRAIGHT = 0.01;

  private final BenchMemoryConfig bench;
  private final ModelConfig model;
  private final DType compute;
  private final DType sum;
  private final List<Row> rows;

  /**
   * @param rows all that were measured, in any order
   */
  public MemorySlopes(
      BenchMemoryConfig bench, ModelConfig model, DType compute, DType sum, List<Row> rows) {
    this.bench = bench;
    this.model = model;
    this.compute = compute;
    this.sum = sum;
    this.rows = List.copyOf(rows);
  }

  /**
   * The table of {@code memory_slopes.csv}: the paper's growth and ours.
   *
   * @param line takes names, units and rows as they are printed
   */
  public BenchTable table(Consumer<String> line) {
    BenchTable table =
        new BenchTable(
            List.of(
                new Column("architecture", "", "%16s"),
                new Column("part", "", "%12s"),
                new Column("per", "", "%s"),
                new Column("formula", "", "%11s"),
                new Column("formula_bytes", "B", "%.0f"),
                new Column("bytes", "B", "%.1f"),
                new Column("ratio", "", "%.2f")));
    table.header().forEach(line);
    LayerFormulas formulas = new LayerFormulas(model, compute.bytes());
    for (Architecture each : bench.architectures()) {
      if (complete(each)) {
        Term attention = formulas.attention(each);
        Term feedForward = formulas.feedForward(each);
        line.accept(row(table, each, "attention", attention, row -> row.plan().attention()));
        line.accept(row(table, each, "feed-forward", feedForward, row -> row.plan().feedForward()));
        line.accept(row(table, each, "both", formulas.total(each), Row::activations));
      }
    }
    return table;
  }

  private String row(
      BenchTable table,
      Architecture architecture,
      String part,
      Term formula,
      ToDoubleFunction<Row> bytes) {
    int degree = architecture == Architecture.VANILLA ? 2 : 1;
    double ours = fit(degree, lengths(architecture), bytes).coefficient(formula.power());
    String per = formula.power() == 1 ? "token" : "token^2";
    return table.row(
        architecture,
        part,
        per,
        formula.text(),
        formula.coefficient(),
        ours,
        ours / formula.coefficient());
  }

  /** Whether the architectures keep what they promise. */
  public List<Check> checks() {
    List<Check> checks = new ArrayList<>();
    int wide = compute.bytes() * (4 * model.feedForward() + 2 * model.hidden());
    checks.add(
        ratio(
            "vanilla: square of tokens",
            2.0 * model.heads() * compute.bytes(),
            "|measured bytes per token^2 / (2 n e) - 1|: probabilities and their gradients of n"
                + " heads in elements of e bytes",
            () -> fit(2, lengths(Architecture.VANILLA), Row::withoutWorkspace).coefficient(2),
            Architecture.VANILLA));
    for (Architecture architecture : bench.architectures()) {
      if (architecture != Architecture.VANILLA) {
        checks.add(straight(architecture));
      }
    }
    checks.add(
        ratio(
            "feed-forward of all tokens at once",
            wide,
            "|(bytes per token, memory-efficient - blockwise) / e (4 f + 2 h) - 1|: four tensors of"
                + " the feed-forward's width f, two of the hidden size h",
            () -> slope(Architecture.MEMORY_EFFICIENT) - slope(Architecture.BLOCKWISE),
            Architecture.MEMORY_EFFICIENT,
            Architecture.BLOCKWISE));
    checks.add(
        ratio(
            "blockwise feed-forward: its block",
            wide,
            "|bytes per token of the block / e (4 f + 2 h) - 1| at the longest length",
            this::blockSlope,
            Architecture.BLOCKWISE));
    checks.add(
        ratio(
            "blockwise feed-forward: tokens",
            compute.bytes() * (residual() + model.hidden()),
            "|bytes per token of the feed-forward's part / 2 e h - 1|: nothing as wide as f",
            () ->
                fit(1, lengths(Architecture.BLOCKWISE), row -> row.plan().feedForward())
                    .coefficient(1),
            Architecture.BLOCKWISE));
    checks.add(
        ratio(
            "ring: what it needs beside blockwise",
            ringBytes(),
            "|(bytes per token, ring - blockwise) / (2 e + 3 a) 2 k - 1|: k keys in two slots, three"
                + " gradients in sums of a bytes, and where a = e an output to be merged",
            () -> slope(Architecture.RING) - slope(Architecture.BLOCKWISE),
            Architecture.RING,
            Architecture.BLOCKWISE));
    checks.add(ranks());
    return checks;
  }

  /** Hidden size, or room for gradients of fewer keys and values than queries. */
  private int residual() {
    int keys = model.keyValueHeads() * model.headSize();
    return Math.max(model.hidden(), model.keyValueHeads() == model.heads() ? keys : 2 * keys);
  }

  private double ringBytes() {
    double keys = (double) model.keyValueHeads() * model.headSize();
    double merged =
        compute == sum
            ? compute.bytes() * model.heads() * model.headSize() + sum.bytes() * model.heads()
            : 0; // else blockwise attention has it too
    return (2 * compute.bytes() + 3 * sum.bytes()) * 2 * keys + merged;
  }

  private Check ratio(
      String name,
      double expected,
      String formula,
      DoubleSupplier measured,
      Architecture... needed) {
    for (Architecture architecture : needed) {
      if (!complete(architecture)) {
        return Check.notChecked(name, "not all lengths of " + architecture + " were measured");
      }
    }
    double value = measured.getAsDouble();
    return Check.atMost(
        name,
        Math.abs(value / expected - 1),
        SLOPE,
        formula,
        Map.of("expected bytes", expected, "measured bytes", value));
  }

  private Check straight(Architecture architecture) {
    String name = architecture + ": straight in tokens";
    if (!complete(architecture)) {
      return Check.notChecked(name, "not all lengths of " + architecture + " were measured");
    }
    List<Row> lengths = lengths(architecture);
    double[] x = lengths.stream().mapToDouble(Row::blockTokens).toArray();
    double[] y = lengths.stream().mapToDouble(Row::withoutWorkspace).toArray();
    return Check.atMost(
        name,
        Polynomial.fit(1, x, y).relativeError(x, y),
        STRAIGHT,
        "max over lengths |peak - straight line| / peak",
        Map.of());
  }

  /** As many bytes for any number of ranks in a ring. */
  private Check ranks() {
    String name = "ring: number of ranks";
    List<Row> rings = select(Architecture.RING, row -> row.blockTokens() == bench.longest());
    if (rings.stream().mapToInt(Row::ranks).distinct().count() < 2) {
      return Check.notChecked(name, "there are rings of one size only");
    }
    double most = rings.stream().mapToDouble(Row::withoutWorkspace).max().orElseThrow();
    double least = rings.stream().mapToDouble(Row::withoutWorkspace).min().orElseThrow();
    return Check.atMost(
        name,
        (most - least) / most,
        STRAIGHT,
        "(largest - smallest) / largest peak of rings with as many tokens a rank",
        Map.of("largest", most, "smallest", least));
  }

  private double slope(Architecture architecture) {
    return fit(1, lengths(architecture), Row::withoutWorkspace).coefficient(1);
  }

  /** By tokens of the feed-forward's block. */
  private double blockSlope() {
    List<Row> blocks = select(Architecture.BLOCKWISE, row -> row.blockTokens() == bench.longest());
    return Polynomial.fit(
            1,
            blocks.stream().mapToDouble(Row::feedForwardBlock).toArray(),
            blocks.stream().mapToDouble(Row::withoutWorkspace).toArray())
        .coefficient(1);
  }

  private static Polynomial fit(int degree, List<Row> lengths, ToDoubleFunction<Row> bytes) {
    return Polynomial.fit(
        degree,
        lengths.stream().mapToDouble(Row::blockTokens).toArray(),
        lengths.stream().mapToDouble(bytes).toArray());
  }

  /** Whether everything planned for an architecture was measured. */
  private boolean complete(Architecture architecture) {
    boolean blocks =
        architecture != Architecture.BLOCKWISE
            || select(architecture, row -> row.blockTokens() == bench.longest()).size()
                == bench.feedForwardBlocks().size();
    return bench.architectures().contains(architecture)
        && blocks
        && lengths(architecture).size() == bench.tokens(architecture).size();
  }

  /** One row for each length, in the largest rings, with the first block of the feed-forward. */
  public List<Row> lengths(Architecture architecture) {
    int ranks = select(architecture, row -> true).stream().mapToInt(Row::ranks).max().orElse(1);
    int block = bench.feedForwardBlocks().get(0);
    return select(
        architecture,
        row -> row.ranks() == ranks && row.feedForwardBlock() == block(architecture, row, block));
  }

  private static int block(Architecture architecture, Row row, int first) {
    return switch (architecture) {
      case VANILLA, MEMORY_EFFICIENT -> row.feedForwardBlock(); // all tokens
      case BLOCKWISE, RING -> first;
    };
  }

  private List<Row> select(Architecture architecture, Predicate<Row> of) {
    return rows.stream().filter(row -> row.architecture() == architecture).filter(of).toList();
  }
}
