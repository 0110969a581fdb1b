package ringattention.model;

import ringattention.device.HeadCounts;
import ringattention.parallel.Parameter.Initial;

/**
 * How each matrix of a model starts. {@link InitialKind#MATCHED} is for models that are to learn to
 * find what was said before. In the first half of the heads of keys, a key is projected as the
 * query of the first query head of its group: there a token attends to tokens like itself before
 * anything is learned, and attention only has to learn which part of a token matters. The other
 * heads look everywhere at first, so they can learn to look at what is near; a head that looks at
 * its like alone has hardly a gradient for that. The residual stream begins with deviation 1,
 * matrices keep it (one over the root of their inputs), the 2 x layers additions to the stream are
 * as much smaller as there are more of them, and the head is small, so the first loss is that of
 * guessing.
 */
final class InitialMatrices {
  private static final double HEAD = 0.2; // of the deviation that would keep 1

  private final ModelConfig model;

  InitialMatrices(ModelConfig model) {
    this.model = model;
  }

  /**
   * Returns how a matrix starts.
   *
   * @param prefix of the block's names
   * @param name without it
   * @param inputs columns
   */
  Initial of(String prefix, String name, long inputs) {
    if (model.initial() == InitialKind.NORMAL) {
      return Initial.NORMAL;
    }
    double keeps = 1 / Math.sqrt(inputs);
    return switch (name) {
      case LlamaParameters.EMBEDDING, LlamaParameters.STEP_EMBEDDING -> Initial.normal(1);
      case LlamaParameters.HEAD, LlamaParameters.ACTION_HEAD -> Initial.normal(HEAD * keeps);
      case LlamaParameters.ATTENTION_OUTPUT, LlamaParameters.DOWN ->
          Initial.normal(keeps / Math.sqrt(2.0 * model.layers()));
      case LlamaParameters.KEY -> {
        HeadCounts heads = model.heads();
        long head = (long) heads.size() * inputs;
        yield Initial.blocksOf(
            prefix + LlamaParameters.QUERY,
            keeps,
            head,
            head * heads.group(),
            (heads.keyValue() + 1) / 2);
      }
      default -> Initial.normal(keeps);
    };
  }
}
