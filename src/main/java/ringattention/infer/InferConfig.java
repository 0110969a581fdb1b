package ringattention.infer;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [infer]}: how prompts are read and kept.
 *
 * @param ranks that hold the cache and answer, at most all, while the others wait; 0: as many as
 *     answer fastest, see {@link CacheRanks}
 * @param chunk tokens of a prompt that the ring computes at a time, over all ranks
 * @param cache tokens whose keys and values are kept, over all ranks; 0: as many as the requests
 *     need, or as fit
 * @param weights where they lie
 */
public record InferConfig(int ranks, int chunk, int cache, WeightsKind weights) {
  public static final Section<InferConfig> SECTION = Section.of("infer", InferConfig::read);

  /** Returns the same over other ranks. */
  public InferConfig on(int some) {
    return new InferConfig(some, chunk, cache, weights);
  }

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
