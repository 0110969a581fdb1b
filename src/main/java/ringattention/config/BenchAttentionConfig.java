package ringattention.config;

import java.util.List;

/**
 * What {@code bench attention} measures: every token count with every mask and layout.
 *
 * @param tokens lengths of the whole sequence
 * @param repeats runs whose median counts
 * @param warmup runs before them
 */
public record BenchAttentionConfig(
    List<Integer> tokens,
    int heads,
    int keyValueHeads,
    int headSize,
    int batch,
    List<MaskKind> masks,
    List<LayoutKind> layouts,
    int repeats,
    int warmup) {
  static BenchAttentionConfig read(Table table) {
    int heads = table.integer("heads", 8, 1, 1024);
    int keyValueHeads = table.integer("keyValueHeads", heads, 1, 1024);
    table.require(
        heads % keyValueHeads == 0,
        "keyValueHeads",
        () -> "must be a divisor of benchAttention.heads = " + heads);
    return new BenchAttentionConfig(
        table.integers("tokens", List.of(1024, 4096), 2, Integer.MAX_VALUE - 1),
        heads,
        keyValueHeads,
        table.integer("headSize", 64, 2, 1024),
        table.integer("batch", 1, 1, 1024),
        table.choices("masks", List.of(MaskKind.CAUSAL)),
        table.choices("layouts", List.of(LayoutKind.ZIGZAG)),
        table.integer("repeats", 5, 1, 10000),
        table.integer("warmup", 2, 0, 10000));
  }
}
