package ringattention.config;

/** @param ring ranks that share a sequence; 0: all of them for ring attention, 1 otherwise */
public record ParallelConfig(int ring) {
  static ParallelConfig read(Table table, AttentionKind attention) {
    int ring = table.integer("ring", 0, 0, Integer.MAX_VALUE);
    table.require(
        ring <= 1 || attention == AttentionKind.RING,
        "ring",
        () -> "must be 0 or 1 for attention.kind = \"" + Table.spelling(attention) + "\"");
    return new ParallelConfig(ring);
  }
}
