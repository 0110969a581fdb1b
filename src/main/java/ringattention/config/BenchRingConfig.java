package ringattention.config;

import java.util.List;

/**
 * What {@code bench ring-exchange} measures.
 *
 * @param bytes sizes of the message
 * @param repeats runs whose median counts
 * @param warmup runs before them
 */
public record BenchRingConfig(List<Integer> bytes, int repeats, int warmup) {
  static BenchRingConfig read(Table table) {
    return new BenchRingConfig(
        table.integers("bytes", List.of(65536, 1048576, 16777216), 4, 1 << 30),
        table.integer("repeats", 20, 1, 100000),
        table.integer("warmup", 3, 0, 100000));
  }
}
