package ringattention.bench.kernel;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [benchDecode]}: the sizes at which attention of new tokens over a cache is
 * measured.
 *
 * @param heads query heads
 * @param keyValueHeads divides heads
 * @param headSize width of a head
 * @param tokens in the cache of one device
 * @param rows new tokens that see all of it
 * @param warmup passes that are not timed
 * @param repeats timed repeats
 * @param rest seconds that the device idles before each timed repeat
 */
public record BenchDecodeConfig(
    int heads,
    int keyValueHeads,
    int headSize,
    List<Integer> tokens,
    List<Integer> rows,
    int warmup,
    int repeats,
    double rest) {
  public static final Section<BenchDecodeConfig> SECTION =
      Section.of("benchDecode", BenchDecodeConfig::read).marked(Trait.ASIDE);

  public BenchDecodeConfig {
    tokens = List.copyOf(tokens);
    rows = List.copyOf(rows);
  }

  static BenchDecodeConfig read(Table table) {
    int heads = table.integer("heads", Range.atLeast(1), Default.of(8));
    int keyValueHeads = table.integer("keyValueHeads", Range.atLeast(1), Default.of(2));
    table.require(
        heads % keyValueHeads == 0, "keyValueHeads", "must divide the heads (" + heads + ")");
    return new BenchDecodeConfig(
        heads,
        keyValueHeads,
        table.integer("headSize", Range.between(1, 256), Default.of(64)),
        table.integers("tokens", Range.atLeast(1), Default.list(1024, 4096)),
        table.integers("rows", Range.between(1, 4096), Default.list(1, 4)),
        table.integer("warmup", Range.atLeast(0), Default.of(2)),
        table.integer("repeats", Range.atLeast(1), Default.of(5)),
        table.number("rest", Range.atLeast(0), Default.of(0.0)));
  }
}
