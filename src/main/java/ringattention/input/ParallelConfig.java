package ringattention.input;

/**
 * Section {@code [parallel]}.
 *
 * @param ring ranks that share a sequence; 0: all ranks if attention is a ring, else 1. {@link
 *     Configuration#ringSize} settles it
 * @param transport of messages between GPUs
 * @param gradients what they travel in between ranks
 */
public record ParallelConfig(int ring, TransportKind transport, GradientWire gradients) {
  static ParallelConfig read(Table table) {
    return new ParallelConfig(
        table.integer("ring", Range.atLeast(0), Default.of(0)),
        table.choice("transport", TransportKind.class, Default.of(TransportKind.AUTO)),
        table.choice("gradients", GradientWire.class, Default.of(GradientWire.SUM)));
  }
}
