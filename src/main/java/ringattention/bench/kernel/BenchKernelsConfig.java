package ringattention.bench.kernel;

import java.util.List;
import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [benchKernels]}: the sizes at which a device's kernels are measured, those of one
 * block of a Transformer.
 *
 * @param tokens rows of the matrix products and of the element-wise kernels
 * @param hidden width of the residual stream, heads x headSize
 * @param feedForward width of the feed-forward
 * @param vocabulary width of the logits
 * @param heads of attention with grouped queries, of an even size; side by side as wide as hidden
 * @param causal sequence lengths of causal attention
 * @param full sequence lengths of attention without a mask
 * @param grouped sequence lengths of causal attention with grouped queries
 * @param warmup passes that are not timed
 * @param repeats timed repeats
 * @param rest seconds that the device idles before each timed repeat
 */
public record BenchKernelsConfig(
    int tokens,
    int hidden,
    int feedForward,
    int vocabulary,
    HeadCounts heads,
    List<Integer> causal,
    List<Integer> full,
    List<Integer> grouped,
    int warmup,
    int repeats,
    double rest) {
  public static final Section<BenchKernelsConfig> SECTION =
      Section.of("benchKernels", BenchKernelsConfig::read).marked(Trait.ASIDE);

  public BenchKernelsConfig {
    causal = List.copyOf(causal);
    full = List.copyOf(full);
    grouped = List.copyOf(grouped);
  }

  static BenchKernelsConfig read(Table table) {
    int tokens = table.integer("tokens", Range.atLeast(4), Default.of(512));
    int hidden = table.integer("hidden", Range.atLeast(2), Default.of(512));
    int feedForward = table.integer("feedForward", Range.atLeast(1), Default.of(1376));
    int vocabulary = table.integer("vocabulary", Range.atLeast(2), Default.of(4000));
    int headSize = table.integer("headSize", Range.atLeast(2), Default.of(64));
    table.require(headSize % 2 == 0, "headSize", "must be even");
    table.require(
        hidden % headSize == 0, "headSize", "must divide benchKernels.hidden (" + hidden + ")");
    int heads = hidden / headSize;
    int keyValueHeads = table.integer("keyValueHeads", Range.atLeast(1), Default.of(2));
    table.require(
        heads % keyValueHeads == 0, "keyValueHeads", "must divide the heads (" + heads + ")");
    return new BenchKernelsConfig(
        tokens,
        hidden,
        feedForward,
        vocabulary,
        new HeadCounts(heads, keyValueHeads, headSize),
        table.integers("causal", Range.atLeast(2), Default.list(512, 1024)),
        table.integers("full", Range.atLeast(2), Default.list(512)),
        table.integers("grouped", Range.atLeast(2), Default.list(512)),
        table.integer("warmup", Range.atLeast(0), Default.of(2)),
        table.integer("repeats", Range.atLeast(1), Default.of(5)),
        table.number("rest", Range.atLeast(0), Default.of(0.0)));
  }
}
