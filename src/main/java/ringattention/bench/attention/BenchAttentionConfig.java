package ringattention.bench.attention;

import java.util.List;
import ringattention.bench.AttentionHeads;
import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/**
 * Section {@code [benchAttention]}: one row of the table per length, mask, layout and number of
 * ranks that exchange heads.
 *
 * @param tokens sequence lengths over all ranks
 * @param batch sequences
 * @param heads of attention, of an even size
 * @param masks which positions see which
 * @param layouts which positions a rank holds
 * @param headRanks ranks that exchange heads, each divides the key/value heads; 1: none do
 * @param forward whether the forward is also timed by itself
 * @param boundTokens the longest sequence that one rank does alone; 0: any. Of longer ones the
 *     bound is that one's rate
 * @param warmup runs that are not timed
 * @param repeats runs that are
 * @param rest seconds that all devices idle before each timed run
 */
public record BenchAttentionConfig(
    List<Integer> tokens,
    int batch,
    HeadCounts heads,
    List<Mask> masks,
    List<LayoutKind> layouts,
    List<Integer> headRanks,
    boolean forward,
    int boundTokens,
    int warmup,
    int repeats,
    double rest) {
  public static final Section<BenchAttentionConfig> SECTION =
      Section.of("benchAttention", BenchAttentionConfig::read).marked(Trait.ASIDE);

  public BenchAttentionConfig {
    tokens = List.copyOf(tokens);
    masks = List.copyOf(masks);
    layouts = List.copyOf(layouts);
    headRanks = List.copyOf(headRanks);
  }

  static BenchAttentionConfig read(Table table) {
    List<Integer> tokens = table.integers("tokens", Range.atLeast(2), Default.list(1024, 4096));
    int batch = table.integer("batch", Range.atLeast(1), Default.of(1));
    HeadCounts heads = AttentionHeads.read(table, "benchAttention");
    return new BenchAttentionConfig(
        tokens,
        batch,
        heads,
        table.choiceList("masks", Mask.class, Default.list(Mask.CAUSAL)),
        table.choiceList("layouts", LayoutKind.class, Default.list(LayoutKind.ZIGZAG)),
        headRanks(table, heads.keyValue()),
        table.flag("forward", Default.of(true)),
        table.integer("boundTokens", Range.atLeast(0), Default.of(0)),
        table.integer("warmup", Range.atLeast(0), Default.of(2)),
        table.integer("repeats", Range.atLeast(1), Default.of(5)),
        table.number("rest", Range.atLeast(0), Default.of(0.0)));
  }

  private static List<Integer> headRanks(Table table, int keyValueHeads) {
    List<Integer> headRanks = table.integers("headRanks", Range.atLeast(1), Default.list(1));
    table.require(
        headRanks.stream().allMatch(ranks -> keyValueHeads % ranks == 0),
        "headRanks",
        "must each divide benchAttention.keyValueHeads (" + keyValueHeads + ")");
    return headRanks;
  }
}
