package ringattention.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A benchmark's table in the manner of nccl-tests: {@code #} before all that is not data, a row of
 * names, a row of units, rows of data aligned right. Lines come one by one, so that a long
 * benchmark shows each result when it has it.
 */
public final class BenchTable {
  private static final int NARROWEST = 8;

  /**
   * @param name one word, the header of the CSV column
   * @param unit for example {@code ms}, or empty
   * @param format of a value, for example {@code %.2f}; widths are the table's business
   */
  public record Column(String name, String unit, String format) {
    private String shownUnit() {
      return unit.isEmpty() ? "" : "(" + unit + ")";
    }

    private int width() {
      return Math.max(NARROWEST, Math.max(name.length(), shownUnit().length()));
    }
  }

  private final List<Column> columns;
  private final List<List<Object>> rows = new ArrayList<>();

  public BenchTable(List<Column> columns) {
    this.columns = List.copyOf(columns);
  }

  /** A remark, such as what is measured and how. */
  public static String comment(String text) {
    return ("# " + text).stripTrailing();
  }

  /** The rows of names and of units. */
  public List<String> header() {
    return List.of(
        comment(aligned(texts(Column::name))), comment(aligned(texts(Column::shownUnit))));
  }

  /**
   * Adds a row and returns its line.
   *
   * @param values one for each column, of the types its format takes
   */
  public String row(Object... values) {
    if (values.length != columns.size()) {
      throw new IllegalArgumentException(
          values.length + " values in " + columns.size() + " columns");
    }
    rows.add(List.of(values));
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      texts.add(Units.format(columns.get(i).format(), values[i]));
    }
    return "  " + aligned(texts);
  }

  /** All rows so far with all digits; the first line holds the names. */
  public String csv() {
    StringBuilder csv = new StringBuilder();
    csv.append(columns.stream().map(Column::name).collect(Collectors.joining(","))).append('\n');
    for (List<Object> row : rows) {
      csv.append(row.stream().map(BenchTable::cell).collect(Collectors.joining(","))).append('\n');
    }
    return csv.toString();
  }

  private List<String> texts(Function<Column, String> text) {
    return columns.stream().map(text).toList();
  }

  private String aligned(List<String> texts) {
    return IntStream.range(0, columns.size())
        .mapToObj(i -> Units.format("%" + columns.get(i).width() + "s", texts.get(i)))
        .collect(Collectors.joining("  "));
  }

  /** Quoted where a reader of CSV needs it (RFC 4180). */
  private static String cell(Object value) {
    String text = value.toString();
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
