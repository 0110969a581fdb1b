package ringattention.infer;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [infer]}: how prompts are read and kept.
 *
 * @param ranks of the ring that holds a cache, a divisor of all ranks: each ring does the same; 0:
 *     all ranks, or one where no sequence is longer than {@link #SHORT}
 * @param chunk tokens of a prompt that the ring computes at a time, over all ranks
 * @param cache tokens whose keys and values are kept, over all ranks; 0: as many as the requests
 *     need, or as fit
 * @param weights where they lie
 */
public record InferConfig(int ranks, int chunk, int cache, WeightsKind weights) {
  public static final Section<InferConfig> SECTION = Section.of("infer", InferConfig::read);

  /** Tokens below which an exchange of every layer takes longer than what it spares a rank. */
  static final int SHORT = 16384;

  static InferConfig read(Table table) {
    return new InferConfig(
        table.marked(Trait.ASIDE).integer("ranks", Range.atLeast(0), Default.of(0)),
        table.marked(Trait.ASIDE).integer("chunk", Range.atLeast(2), Default.of(32768)),
        table.marked(Trait.ASIDE).integer("cache", Range.atLeast(0), Default.of(0)),
        table
            .marked(Trait.ASIDE)
            .choice("weights", WeightsKind.class, Default.of(WeightsKind.AUTO)));
  }
}
