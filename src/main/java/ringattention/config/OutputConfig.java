package ringattention.config;

/**
 * Section {@code [output]}.
 *
 * @param plots whether to draw the PNG files in {@code plots}
 */
public record OutputConfig(boolean plots) {
  static OutputConfig read(Table table) {
    return new OutputConfig(table.flag("plots", Default.of(true)));
  }
}
