package ringattention.model;

import java.util.List;
import java.util.stream.IntStream;
import ringattention.attention.AttentionShape;
import ringattention.device.DType;
import ringattention.metrics.Recompute;
import ringattention.parallel.ParameterGroup;
import ringattention.shard.CutLayout;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.shard.SequenceLayout;
import ringattention.shard.TokenLayout;

/**
 * Everything that decides the sizes of a training step. The paper's four architectures are values
 * of it: vanilla (vanilla, full), memory-efficient attention (memory-efficient, full), blockwise
 * feed-forward on top (memory-efficient, blockwise), ring (ring, blockwise).
 *
 * @param feedForwardBlock tokens, used where feedForward is blockwise
 * @param lossBlock tokens
 * @param sequence positions of one sequence
 * @param batch sequences a ring takes at a time
 * @param passes how many times a step it does
 * @param packed whether every sequence is packed from documents of its own
 * @param bf16Gradients whether gradients travel in bf16
 * @param policy what blocks keep, and in how many groups of heads attention goes
 * @param labelLosses whether loss and hit of every label are asked for, as in an evaluation, or for
 *     exact answers in training
 */
public record ModelSetup(
    ModelConfig model,
    AttentionKind attention,
    Mask mask,
    LayoutKind layoutKind,
    FeedForwardKind feedForward,
    int feedForwardBlock,
    int lossBlock,
    Mesh mesh,
    int sequence,
    int batch,
    int passes,
    boolean packed,
    boolean bf16Gradients,
    ActivationPolicy policy,
    boolean labelLosses) {
  public ModelSetup {
    if (attention != AttentionKind.RING && mesh.sharing() > 1) {
      throw new IllegalArgumentException(attention + " attention needs whole sequences: ring of 1");
    }
    if (attention == AttentionKind.VANILLA
        && (policy.savedAttention() > 0 || policy.headGroups() > 1)) {
      throw new IllegalArgumentException(
          "the backward of vanilla attention needs the scores of a forward just before, of all heads");
    }
    int inside = mesh.heads() * mesh.tensor();
    if (model.heads().keyValue() % (policy.headGroups() * inside * mesh.chunks()) != 0
        || model.feedForward() % mesh.tensor() != 0) {
      throw new IllegalArgumentException(
          policy.headGroups()
              + " groups of heads of "
              + inside
              + " ranks in "
              + mesh.chunks()
              + " chunks do not divide an inner width of "
              + model.feedForward()
              + " and "
              + model.heads().keyValue()
              + " key/value heads");
    }
  }

  /** Returns which tokens of a sequence the ranks hold that share it. */
  public TokenLayout layout() {
    return mesh.tensor() == 1 ? enteredLayout() : tensorLayout();
  }

  /** Returns the same where ranks share products. */
  CutLayout tensorLayout() {
    return new CutLayout(enteredLayout(), mesh.tensor());
  }

  /** Returns where a rank's tokens begin among those that its products take. */
  public int firstEntered(int rank) {
    return mesh.tensor() == 1 ? 0 : tensorLayout().from(mesh.sharingRank(rank));
  }

  /** Returns which tokens the products take at each {@link Mesh#tokensRank}. */
  TokenLayout enteredLayout() {
    return mesh.heads() == 1 ? ringLayout() : headsLayout();
  }

  /** Returns the same where ranks exchange heads. */
  CutLayout headsLayout() {
    return new CutLayout(ringLayout(), mesh.heads());
  }

  /** Returns which tokens are attended to together at each place of the ring. */
  public SequenceLayout ringLayout() {
    return SequenceLayout.of(layoutKind, sequence, mesh.ring());
  }

  /** The same with another policy. */
  public ModelSetup with(ActivationPolicy other) {
    return with(other, labelLosses);
  }

  /** The same, with loss and hit of every label. */
  public ModelSetup withLabelLosses() {
    return with(policy, true);
  }

  private ModelSetup with(ActivationPolicy other, boolean losses) {
    return new ModelSetup(
        model,
        attention,
        mask,
        layoutKind,
        feedForward,
        feedForwardBlock,
        lossBlock,
        mesh,
        sequence,
        batch,
        passes,
        packed,
        bf16Gradients,
        other,
        losses);
  }

  /** Returns what a rank computes of the model. */
  public ModelConfig share() {
    return model.share(mesh.tensor());
  }

  /** Returns what a rank holds of the parameters, before they are sharded. */
  public List<ParameterGroup> groups(int rank) {
    return mesh.tensor() == 1
        ? LlamaParameters.groups(model)
        : LlamaParameters.groups(model, mesh.tensorRank(rank), mesh.tensor());
  }

  /** Returns the sizes of one call of attention on a rank; of heads that are exchanged, a chunk. */
  public AttentionShape attentionShape(int rank) {
    return shape(rank).attention(share(), policy.headGroups() * mesh.chunks());
  }

  /** Returns what the backward of a pass computes again. */
  public Recompute recompute() {
    int calls = shape(0).turns() * policy.headGroups();
    int projections =
        IntStream.range(0, model.layers()).map(block -> policy.projectedAgain(block, calls)).sum();
    return new Recompute(
        model.layers() - policy.savedAttention(),
        projections,
        model.details().queryKeyNorm() ? model.layers() : 0,
        model.layers() - policy.savedFeedForward());
  }

  /** What gradients travel in between ranks. */
  DType gradientWire(DType sum) {
    return bf16Gradients ? DType.BF16 : sum;
  }

  /** Whether a parameter gets more than one gradient a step. */
  boolean accumulates() {
    return passes > 1 || model.tied();
  }

  /** What a rank of the job holds. */
  public ShardShape shape(int rank) {
    SequenceLayout ring = ringLayout();
    int tokens = layout().size(mesh.sharingRank(rank));
    int entered = enteredLayout().size(mesh.tokensRank(rank));
    int block = feedForward == FeedForwardKind.FULL ? entered : feedForwardBlock;
    return new ShardShape(
        tokens,
        entered,
        mesh.tensor(),
        ring.size(mesh.ringRank(rank)),
        ring.largestShard(),
        mesh.heads(),
        batch,
        packed,
        block,
        lossBlock);
  }
}
