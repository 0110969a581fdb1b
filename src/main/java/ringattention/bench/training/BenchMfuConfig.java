package ringattention.bench.training;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;
import ringattention.model.ModelShape;

/**
 * Section {@code [benchMfu]}: two rows of the table per number of tokens, one sequence on each rank
 * and one sequence over a ring of all; training and text are those of the other sections.
 *
 * @param models the paper's, one for each number of tokens; empty: that of section {@code [model]}
 * @param tokensPerRank of a micro-batch
 * @param batchTokens of a step, over all ranks
 * @param measured micro-batches after the first that stand for all others of a step
 */
public record BenchMfuConfig(
    List<ModelShape> models, List<Integer> tokensPerRank, long batchTokens, int measured) {
  public static final Section<BenchMfuConfig> SECTION =
      Section.of("benchMfu", BenchMfuConfig::read).marked(Trait.ASIDE);

  public BenchMfuConfig {
    models = List.copyOf(models);
    tokensPerRank = List.copyOf(tokensPerRank);
  }

  static BenchMfuConfig read(Table table) {
    List<ModelShape> models = table.choicesOrNone("models", ModelShape.class);
    List<Integer> tokens = table.integers("tokensPerRank", Range.atLeast(2), Default.list(1024));
    table.require(
        models.isEmpty() || models.size() == tokens.size(),
        "tokensPerRank",
        "must have one number for each of benchMfu.models");
    return new BenchMfuConfig(
        models,
        tokens,
        table.longInteger("batchTokens", Range.atLeast(2), Default.of(1L << 21)),
        table.integer("measured", Range.atLeast(1), Default.of(1)));
  }
}
