package ringattention.model;

import ringattention.config.AttentionKind;
import ringattention.config.FeedForwardKind;
import ringattention.config.LayoutKind;
import ringattention.config.MaskKind;
import ringattention.config.ModelConfig;
import ringattention.shard.Decomposition;
import ringattention.shard.SequenceLayout;

/**
 * Everything that decides the sizes of a training step. The paper's four architectures are values
 * of it: vanilla (vanilla, full), memory-efficient attention (memory-efficient, full), blockwise
 * feed-forward on top (memory-efficient, blockwise), ring (ring, blockwise).
 *
 * @param feedForwardBlock tokens, used where feedForward is blockwise
 * @param lossBlock tokens
 * @param sequence positions of one sequence
 * @param batch sequences a ring takes at a time
 */
public record ModelSetup(
    ModelConfig model,
    AttentionKind attention,
    MaskKind mask,
    LayoutKind layoutKind,
    FeedForwardKind feedForward,
    int feedForwardBlock,
    int lossBlock,
    Decomposition decomposition,
    int sequence,
    int batch) {
  public ModelSetup {
    if (attention != AttentionKind.RING && decomposition.ring() > 1) {
      throw new IllegalArgumentException(attention + " attention needs whole sequences: ring of 1");
    }
  }

  public SequenceLayout layout() {
    return SequenceLayout.of(layoutKind, sequence, decomposition.ring());
  }

  /** What a rank of the job holds. */
  public ShardShape shape(int rank) {
    SequenceLayout layout = layout();
    int tokens = layout.size(decomposition.ringRank(rank));
    int block = feedForward == FeedForwardKind.FULL ? tokens : feedForwardBlock;
    return new ShardShape(tokens, layout.largestShard(), batch, block, lossBlock);
  }
}
