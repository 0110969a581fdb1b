package ringattention.bench.attention;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [benchRing]}: one row of the table per message size.
 *
 * @param bytes message sizes
 * @param warmup exchanges that are not timed
 * @param repeats exchanges that are
 */
public record BenchRingConfig(List<Long> bytes, int warmup, int repeats) {
  public static final Section<BenchRingConfig> SECTION =
      Section.of("benchRing", BenchRingConfig::read).marked(Trait.ASIDE);

  public BenchRingConfig {
    bytes = List.copyOf(bytes);
  }

  static BenchRingConfig read(Table table) {
    return new BenchRingConfig(
        table.longIntegers("bytes", Range.atLeast(1), Default.list(65536L, 1048576L, 16777216L)),
        table.integer("warmup", Range.atLeast(0), Default.of(5)),
        table.integer("repeats", Range.atLeast(1), Default.of(20)));
  }
}
