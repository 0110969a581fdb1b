package ringattention.config;

/**
 * Section {@code [parallel]}.
 *
 * @param ring ranks that share a sequence; 0: all ranks if attention is a ring, else 1. {@link
 *     Configuration#ringSize} settles it
 */
public record ParallelConfig(int ring) {
  static ParallelConfig read(Table table) {
    return new ParallelConfig(table.integer("ring", Range.atLeast(0), Default.of(0)));
  }
}
