package ringattention.bench.training;

import ringattention.bench.AttentionHeads;
import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [benchScaling]}: attention and training over 1, 2, 4, .. ranks. Mask and layout
 * are those of section {@code [attention]}; the model, its training and its text those of the other
 * sections, warm-up and steps those of {@code [benchTraining]}.
 *
 * @param attentionTokens of a rank, where the sequence grows with the ranks
 * @param attentionTotal of the sequence, where it does not
 * @param heads of attention, of an even size
 * @param trainingTokens of a rank, where the sequence grows with the ranks
 * @param trainingTotal of the sequence, where it does not
 * @param warmup runs of attention that are not timed
 * @param repeats runs that are
 * @param rest seconds that the devices idle before each timed run of attention
 */
public record BenchScalingConfig(
    int attentionTokens,
    int attentionTotal,
    HeadCounts heads,
    int trainingTokens,
    int trainingTotal,
    int warmup,
    int repeats,
    double rest) {
  public static final Section<BenchScalingConfig> SECTION =
      Section.of("benchScaling", BenchScalingConfig::read).marked(Trait.ASIDE);

  static BenchScalingConfig read(Table table) {
    int attentionTokens = table.integer("attentionTokens", Range.atLeast(2), Default.of(1024));
    int attentionTotal = table.integer("attentionTotal", Range.atLeast(2), Default.of(4096));
    HeadCounts heads = AttentionHeads.read(table, "benchScaling");
    return new BenchScalingConfig(
        attentionTokens,
        attentionTotal,
        heads,
        table.integer("trainingTokens", Range.atLeast(2), Default.of(1024)),
        table.integer("trainingTotal", Range.atLeast(2), Default.of(4096)),
        table.integer("warmup", Range.atLeast(0), Default.of(1)),
        table.integer("repeats", Range.atLeast(1), Default.of(3)),
        table.number("rest", Range.atLeast(0), Default.of(0.0)));
  }
}
