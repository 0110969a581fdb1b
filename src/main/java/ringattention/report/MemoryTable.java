package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;
import static ringattention.report.TextTable.Align.RIGHT;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory plan of one rank as a table, buffers in the order given, then the sum of each purpose
 * and of all.
 *
 * @param buffers what the rank allocates
 */
public record MemoryTable(List<Buffer> buffers) {
  /**
   * One planned buffer.
   *
   * @param purpose what it is for, for example parameters or activations
   * @param onHost whether it is in the host's memory, not the device's
   * @param formula where the size comes from, for example {@code 2048 tokens x 128 hidden x 4 B}
   */
  public record Buffer(String name, String purpose, boolean onHost, String formula, long bytes) {}

  public MemoryTable {
    buffers = List.copyOf(buffers);
  }

  /** On the device, or on the host. */
  public long bytes(boolean onHost) {
    return buffers.stream()
        .filter(buffer -> buffer.onHost() == onHost)
        .mapToLong(Buffer::bytes)
        .sum();
  }

  public List<String> lines() {
    TextTable table = header();
    buffers.forEach(
        buffer -> row(table, buffer.name(), buffer.purpose(), buffer.bytes(), buffer.formula()));
    return addSums(table).lines();
  }

  /** The sums without the buffers. */
  public List<String> sums() {
    return addSums(header()).lines();
  }

  private static TextTable header() {
    return new TextTable(LEFT, LEFT, RIGHT, RIGHT, LEFT)
        .row("buffer", "purpose", "bytes", "", "formula");
  }

  private TextTable addSums(TextTable table) {
    Map<String, Long> purposes = new LinkedHashMap<>();
    buffers.forEach(buffer -> purposes.merge(buffer.purpose(), buffer.bytes(), Long::sum));
    purposes.forEach((purpose, bytes) -> row(table, "sum", purpose, bytes, ""));
    row(table, "total", "on the device", bytes(false), "");
    if (bytes(true) > 0) {
      row(table, "total", "on the host", bytes(true), "");
    }
    return table;
  }

  private static void row(
      TextTable table, String name, String purpose, long bytes, String formula) {
    table.row(name, purpose, Long.toString(bytes), Units.bytes(bytes), formula);
  }
}
