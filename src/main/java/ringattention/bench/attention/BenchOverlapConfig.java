package ringattention.bench.attention;

import java.util.List;
import ringattention.bench.AttentionHeads;
import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Toml;
import ringattention.input.Trait;
import ringattention.shard.Mask;

/**
 * Section {@code [benchOverlap]}: rows for each block size and bandwidth.
 *
 * @param tokens block sizes: tokens of a rank
 * @param heads of attention, of an even size
 * @param mask which positions see which
 * @param bandwidths of the link between neighbours in GB/s; 0: as it is
 * @param limit a block whose exposed wait is at most this part of the time hides communication
 * @param warmup runs that are not timed
 * @param repeats runs that are
 * @param rest seconds that all devices idle before each timed run
 */
public record BenchOverlapConfig(
    List<Integer> tokens,
    HeadCounts heads,
    Mask mask,
    List<Double> bandwidths,
    double limit,
    int warmup,
    int repeats,
    double rest) {
  public static final Section<BenchOverlapConfig> SECTION =
      Section.of("benchOverlap", BenchOverlapConfig::read).marked(Trait.ASIDE);

  private static final double SLOWEST = 1e-6; // GB/s

  public BenchOverlapConfig {
    tokens = tokens.stream().distinct().sorted().toList();
    bandwidths = bandwidths.stream().distinct().toList();
  }

  static BenchOverlapConfig read(Table table) {
    List<Integer> tokens =
        table.integers("tokens", Range.atLeast(2), Default.list(256, 512, 1024, 2048));
    HeadCounts heads = AttentionHeads.read(table, "benchOverlap");
    return new BenchOverlapConfig(
        tokens,
        heads,
        table.choice("mask", Mask.class, Default.of(Mask.CAUSAL)),
        bandwidths(table),
        table.number("limit", Range.BETWEEN_0_AND_1, Default.of(0.05)),
        table.integer("warmup", Range.atLeast(0), Default.of(1)),
        table.integer("repeats", Range.atLeast(1), Default.of(5)),
        table.number("rest", Range.atLeast(0), Default.of(0.0)));
  }

  /** Far slower than any network, messages would last longer than the clock counts. */
  private static List<Double> bandwidths(Table table) {
    List<Double> all = table.numbers("bandwidths", Range.atLeast(0), Default.list(0.0));
    table.require(
        all.stream().allMatch(limit -> limit == 0 || limit >= SLOWEST),
        "bandwidths",
        "must each be 0 or at least " + Toml.write(SLOWEST));
    return all;
  }
}
