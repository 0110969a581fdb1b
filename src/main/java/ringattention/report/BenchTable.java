package ringattention.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * A benchmark's table in the manner of nccl-tests: {@code #} before all that is not data, a row of
 * names, a row of units, rows of data aligned right. Lines come one by one, so that a long
 * benchmark shows each result when it has it.
 *
 * @param <R> what a row is made from
 */
public final class BenchTable<R> {
  private static final int NARROWEST = 8;

  /**
   * @param name one word, the header of the CSV column
   * @param unit for example {@code ms}, or empty
   * @param format of a value, for example {@code %.2f}; widths are the table's business
   * @param value of a row, of a type that the format takes
   */
  private record Column<R>(String name, String unit, String format, Function<R, ?> value) {
    private String shownUnit() {
      return unit.isEmpty() ? "" : "(" + unit + ")";
    }

    private int width() {
      return Math.max(NARROWEST, Math.max(name.length(), shownUnit().length()));
    }
  }

  private final List<Column<R>> columns = new ArrayList<>();
  private final List<R> rows = new ArrayList<>();
  private final List<List<Object>> cells = new ArrayList<>(); // of the rows, by column

  /** Adds a column with a unit; returns this table. */
  public BenchTable<R> column(String name, String unit, String format, Function<R, ?> value) {
    columns.add(new Column<>(name, unit, format, value));
    return this;
  }

  /** Adds a column without a unit; returns this table. */
  public BenchTable<R> column(String name, String format, Function<R, ?> value) {
    return column(name, "", format, value);
  }

  /** Adds a column of bytes, shown in GiB; returns this table. */
  public BenchTable<R> gib(String name, String format, ToLongFunction<R> bytes) {
    return column(name, "GiB", format, row -> bytes.applyAsLong(row) / (double) (1L << 30));
  }

  /** A remark, such as what is measured and how. */
  public static String comment(String text) {
    return ("# " + text).stripTrailing();
  }

  /** The rows of names and of units. */
  public List<String> header() {
    return List.of(comment(aligned(Column::name)), comment(aligned(Column::shownUnit)));
  }

  /** Adds a row and returns its line. */
  public String row(R row) {
    List<Object> values = new ArrayList<>();
    columns.forEach(column -> values.add(column.value().apply(row)));
    rows.add(row);
    cells.add(values);
    return "  "
        + aligned(column -> Units.format(column.format(), values.get(columns.indexOf(column))));
  }

  /** All rows so far. */
  public List<R> rows() {
    return rows;
  }

  /** All rows so far with all digits; the first line holds the names. */
  public String csv() {
    return Csv.line(columns.stream().map(Column::name).toList())
        + cells.stream().map(Csv::line).collect(Collectors.joining());
  }

  /** All rows so far by the names of the columns, for JSON. */
  public List<Map<String, Object>> records() {
    List<Map<String, Object>> records = new ArrayList<>();
    for (List<Object> values : cells) {
      Map<String, Object> record = new LinkedHashMap<>();
      for (int i = 0; i < columns.size(); i++) {
        record.put(columns.get(i).name(), values.get(i));
      }
      records.add(record);
    }
    return records;
  }

  private String aligned(Function<Column<R>, String> text) {
    return columns.stream()
        .map(column -> Units.format("%" + column.width() + "s", text.apply(column)))
        .collect(Collectors.joining("  "));
  }
}
