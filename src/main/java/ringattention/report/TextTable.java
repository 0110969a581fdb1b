package ringattention.report;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in aligned columns; the last column, if aligned left, wraps within itself. */
final class TextTable {
  enum Align {
    LEFT,
    RIGHT
  }

  private static final String GAP = "  ";

  private final List<Align> columns;
  private final List<List<String>> rows = new ArrayList<>();

  TextTable(Align... columns) {
    this.columns = List.of(columns);
  }

  TextTable row(String... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(cells.length + " cells in " + columns.size() + " columns");
    }
    rows.add(List.of(cells));
    return this;
  }

  List<String> lines() {
    int last = columns.size() - 1;
    int[] widths = new int[columns.size()];
    for (List<String> row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    int indent = last * GAP.length();
    for (int column = 0; column < last; column++) {
      indent += widths[column];
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column <= last; column++) {
        line.append(column == 0 ? "" : GAP);
        String pad = " ".repeat(widths[column] - row.get(column).length());
        line.append(
            columns.get(column) == Align.RIGHT ? pad + row.get(column) : row.get(column) + pad);
      }
      lines.addAll(Text.wrap(line.toString().stripTrailing(), indent));
    }
    return lines;
  }
}
