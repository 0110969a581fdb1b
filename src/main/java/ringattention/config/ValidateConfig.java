package ringattention.config;

import java.util.List;

/**
 * What {@code validate} compares.
 *
 * @param lengths of the sequences compared in full; shorter than twice the number of ranks are left out
 * @param growth of the sequences compared at a sample of positions
 * @param keyValueHeads numbers of key/value heads, each a divisor of heads
 */
public record ValidateConfig(
    List<Integer> lengths,
    List<Integer> growth,
    int batch,
    int heads,
    List<Integer> keyValueHeads,
    int headSize,
    long seed) {
  static ValidateConfig read(Table table) {
    int heads = table.integer("heads", 4, 1, 1024);
    List<Integer> keyValueHeads =
        table.integers("keyValueHeads", List.of(heads, Math.max(1, heads / 2)), 1, 1024);
    table.require(
        keyValueHeads.stream().allMatch(count -> heads % count == 0),
        "keyValueHeads",
        () -> "must be divisors of validate.heads = " + heads);
    return new ValidateConfig(
        table.integers("lengths", List.of(64, 97), 2, 4096),
        table.integers("growth", List.of(256, 1024, 4096, 16384), 2, 1 << 20),
        table.integer("batch", 2, 1, 64),
        heads,
        keyValueHeads.stream().distinct().toList(),
        table.integer("headSize", 16, 2, 1024),
        table.whole("seed", 1L, Long.MIN_VALUE, Long.MAX_VALUE));
  }
}
