package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import ringattention.model.Architecture;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;

/** The table of {@code memory.csv}. */
public final class LayerMemoryTable {
  /**
   * One measured step, of its fullest rank.
   *
   * @param ranks that share a sequence
   * @param tokens of a sequence
   * @param blockTokens of a sequence on one rank
   * @param feedForwardBlock tokens
   * @param layers of the model
   * @param plan what the peak is made of
   * @param peak counted by the device, bytes
   * @param formula the paper's bytes of a layer
   */
  public record Row(
      Architecture architecture,
      int ranks,
      int tokens,
      int blockTokens,
      int feedForwardBlock,
      int layers,
      LayerBytes plan,
      long peak,
      double formula) {
    /** Attention and feed-forward of one block: the peak without all else. */
    public long activations() {
      return peak - (plan.all() - plan.activations());
    }

    /** The peak without what the device holds for itself: that has steps of its own. */
    long withoutWorkspace() {
      return peak - plan.workspace();
    }
  }

  private record Field(Column column, Function<Row, Object> value) {}

  private final List<Field> fields = new ArrayList<>();
  private final BenchTable table;

  public LayerMemoryTable() {
    add("architecture", "", "%16s", Row::architecture);
    add("ranks", "", "%d", Row::ranks);
    add("tokens", "", "%d", Row::tokens);
    add("block_tokens", "", "%d", Row::blockTokens);
    add("feed_forward_block", "tokens", "%d", Row::feedForwardBlock);
    add("layers", "", "%d", Row::layers);
    addBytes("attention_bytes", row -> row.plan().attention());
    addBytes("feed_forward_bytes", row -> row.plan().feedForward());
    addBytes("saved_bytes", row -> row.plan().saved());
    addBytes("workspace_bytes", row -> row.plan().workspace());
    addBytes("peak_bytes", Row::peak);
    addBytes("planned_bytes", row -> row.plan().all());
    addBytes("formula_bytes", row -> Math.round(row.formula()));
    add("ratio", "", "%.2f", row -> row.activations() / row.formula());
    this.table = new BenchTable(fields.stream().map(Field::column).toList());
  }

  private void addBytes(String name, Function<Row, Object> value) {
    add(name, "B", "%12d", value);
  }

  private void add(String name, String unit, String format, Function<Row, Object> value) {
    fields.add(new Field(new Column(name, unit, format), value));
  }

  public List<String> header() {
    return table.header();
  }

  /** Adds a row and returns its line. */
  public String row(Row row) {
    return table.row(fields.stream().map(field -> field.value().apply(row)).toArray());
  }

  public String csv() {
    return table.csv();
  }
}
