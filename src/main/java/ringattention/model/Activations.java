package ringattention.model;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * The activations of a rank that all blocks share. The residual stream has this rank's tokens;
 * products take the tokens that entered, of all its tensor ranks. Attention's own are those of one
 * group of heads, and of one sequence at a time where each is packed from documents of its own.
 * What only a backward needs is null where there is none.
 *
 * @param saved what each block keeps
 * @param gradient of the residual stream, [tokens, batch, hidden]
 * @param afterAttention the residual stream between attention and feed-forward, recomputed in the
 *     backward, [tokens, batch, hidden]
 * @param keyValueGradient room for gradients of all keys and values once the residual stream is no
 *     longer needed: the same memory, flat
 * @param dAttended gradient of the attention output, then of the queries, [entered, batch, heads,
 *     headSize]
 * @param query [entered, sequences at a time, heads of a group, headSize]
 * @param groupAttended attention output of a call, as query; null where there is one call
 * @param groupDAttended its gradient, likewise
 * @param block scratch for one block of tokens
 * @param entered what tensor ranks exchange; null where every rank does its own products
 * @param loss sum of losses, sum type, [1]; null without a backward
 * @param labelLosses loss and hit of every label, sum type, [tokens, batch, 2]; null where they are
 *     not asked for
 * @param tokens I32, [tokens, batch]
 * @param labels I32, [tokens, batch]; -1 counts nothing
 * @param features [tokens, batch, features], as are targets null but of trajectories
 * @param targets actions that are to be predicted, sum type, [tokens, batch, actions]
 * @param positions I32, [turns of attention, entered]: for the rotary embedding
 * @param frequencies F64, [headSize / 2]: {@link RotaryFrequencies}
 */
public record Activations(
    SavedActivations.Buffers saved,
    Tensor gradient,
    Tensor afterAttention,
    Tensor keyValueGradient,
    Tensor dAttended,
    Tensor query,
    Tensor groupAttended,
    Tensor groupDAttended,
    Block block,
    Entered entered,
    Tensor loss,
    Tensor labelLosses,
    Tensor tokens,
    Tensor labels,
    Tensor features,
    Tensor targets,
    Tensor positions,
    Tensor frequencies) {
  /** Where there is no backward, or no use. */
  private static final Allocator NOTHING = (name, purpose, dtype, dims) -> null;

  /**
   * Scratch for one block of tokens; rows = block * batch.
   *
   * @param normed [rows, hidden], as is dNormed
   * @param ofTurn rows of a turn's sequences, as normed: dNormed where there is a backward; null
   *     where there is one turn
   * @param gate [rows, feedForward], as are up, activated, dActivated; gate and up also hold
   *     queries and their gradient where the backward goes through a norm of them
   * @param logits [loss rows, outputs of the head]
   */
  public record Block(
      Tensor normed,
      Tensor dNormed,
      Tensor ofTurn,
      Tensor gate,
      Tensor up,
      Tensor activated,
      Tensor dActivated,
      Tensor logits) {}

  /**
   * Tokens of all tensor ranks. Where products are summed, they take the place of what they were
   * made of.
   *
   * @param normed [entered, batch, hidden]
   * @param gradient likewise, of the output and then of the norm; null without a backward
   * @param room for what the other ranks add to this one's, [others * tokens, batch, hidden]
   */
  public record Entered(Tensor normed, Tensor gradient, Tensor room) {
    static Entered allocate(
        Allocator allocator, Allocator backward, ShardShape shape, long width, DType compute) {
      Dim tokens = new Dim("tokens of tensor ranks", shape.entered());
      Dim others = new Dim("tokens for others", (shape.tensorRanks() - 1L) * shape.tokens());
      Dim batch = new Dim("batch", shape.batch());
      Dim hidden = new Dim("hidden", width);
      return new Entered(
          allocator.allocate("entered.normed", RING, compute, tokens, batch, hidden),
          backward.allocate("entered.gradient", RING, compute, tokens, batch, hidden),
          allocator.allocate("entered.sums", RING, compute, others, batch, hidden));
    }
  }

  /**
   * @param model what the rank computes of it
   * @param labelLosses whether loss and hit of every label are asked for
   */
  public static Activations allocate(
      Allocator allocator,
      ModelConfig model,
      ActivationPolicy policy,
      ShardShape shape,
      boolean labelLosses,
      DType compute,
      DType sum) {
    Dim tokens = new Dim("tokens", shape.tokens());
    Dim entered = new Dim("tokens", shape.entered());
    Dim batch = new Dim("batch", shape.batch());
    Dim hidden = new Dim("hidden", model.hidden());
    Dim heads = new Dim("heads", model.heads().query());
    Dim groupHeads = new Dim("heads of a group", model.heads().query() / policy.headGroups());
    Dim headSize = new Dim("head size", model.heads().size());
    Dim together = new Dim("batch", shape.together());
    boolean parts = shape.turns() * policy.headGroups() > 1;
    Dim keyValues =
        new Dim(
            "hidden, or key/value gradient", Math.max(model.hidden(), keyValueRoom(model, shape)));
    Allocator backward = policy.forwardOnly() ? NOTHING : allocator;
    Allocator values = model.trajectories().isPresent() ? allocator : NOTHING;
    Tensor afterAttention =
        backward.allocate("after_attention", ACTIVATIONS, compute, tokens, batch, keyValues);
    return new Activations(
        SavedActivations.allocate(allocator, model, policy, shape, compute, sum),
        backward.allocate("residual.gradient", ACTIVATIONS, compute, tokens, batch, hidden),
        policy.forwardOnly()
            ? null
            : afterAttention.prefix(shape.tokens(), shape.batch(), model.hidden()),
        policy.forwardOnly() ? null : afterAttention.view(afterAttention.elements()),
        backward.allocate(
            "attended.gradient", ACTIVATIONS, compute, entered, batch, heads, headSize),
        allocator.allocate("query", ACTIVATIONS, compute, entered, together, groupHeads, headSize),
        !parts
            ? null
            : allocator.allocate(
                "group.attended", ACTIVATIONS, compute, entered, together, groupHeads, headSize),
        !parts
            ? null
            : backward.allocate(
                "group.attended.gradient",
                ACTIVATIONS,
                compute,
                entered,
                together,
                groupHeads,
                headSize),
        block(allocator, model, policy, shape, compute),
        shape.tensorRanks() == 1
            ? null
            : Entered.allocate(allocator, backward, shape, model.hidden(), compute),
        backward.allocate("loss", ACTIVATIONS, sum, new Dim("value", 1)),
        !labelLosses
            ? null
            : allocator.allocate(
                "label_losses", ACTIVATIONS, sum, tokens, batch, new Dim("loss and hit", 2)),
        allocator.allocate("tokens", ACTIVATIONS, DType.I32, tokens, batch),
        allocator.allocate("labels", ACTIVATIONS, DType.I32, tokens, batch),
        values.allocate(
            "features", ACTIVATIONS, compute, tokens, batch, new Dim("features", model.features())),
        values.allocate(
            "targets", ACTIVATIONS, sum, tokens, batch, new Dim("actions", model.outputs())),
        allocator.allocate(
            "positions", ACTIVATIONS, DType.I32, new Dim("turns", shape.turns()), entered),
        allocator.allocate(
            "rotary.frequencies",
            ACTIVATIONS,
            DType.F64,
            new Dim("head size / 2", model.heads().size() / 2)));
  }

  /**
   * Elements that gradients of keys and values need, for each token of this rank. With as many
   * key/value heads as query heads, keys go where the attention output was.
   */
  private static long keyValueRoom(ModelConfig model, ShardShape shape) {
    long one = model.heads().keyValueWidth() * shape.entered();
    long all = model.heads().group() == 1 ? one : 2 * one;
    return (all + shape.tokens() - 1) / shape.tokens();
  }

  private static Block block(
      Allocator allocator,
      ModelConfig model,
      ActivationPolicy policy,
      ShardShape shape,
      DType compute) {
    Allocator backward = policy.forwardOnly() ? NOTHING : allocator;
    int most = Math.max(shape.feedForwardBlock(), shape.lossBlock());
    Dim normRows = new Dim("rows", (long) most * shape.batch());
    Dim rows = new Dim("rows", (long) shape.feedForwardBlock() * shape.batch());
    Dim lossRows = new Dim("rows", (long) shape.lossBlock() * shape.batch());
    Dim hidden = new Dim("hidden", model.hidden());
    Dim feedForward = new Dim("feed-forward", model.feedForward());
    Dim wide =
        model.details().queryKeyNorm() && !policy.forwardOnly()
            ? new Dim(
                "feed-forward, or queries",
                Math.max(model.feedForward(), model.heads().queryWidth()))
            : feedForward;
    Tensor normed =
        allocator.allocate("token_block.normed", ACTIVATIONS, compute, normRows, hidden);
    Tensor dNormed =
        backward.allocate("token_block.normed.gradient", ACTIVATIONS, compute, normRows, hidden);
    boolean copies = policy.forwardOnly() && shape.turns() > 1;
    return new Block(
        normed,
        dNormed,
        copies
            ? allocator.allocate("token_block.of_turn", ACTIVATIONS, compute, normRows, hidden)
            : dNormed,
        allocator.allocate("token_block.gate", ACTIVATIONS, compute, rows, wide),
        allocator.allocate("token_block.up", ACTIVATIONS, compute, rows, wide),
        allocator.allocate("token_block.activated", ACTIVATIONS, compute, rows, feedForward),
        backward.allocate(
            "token_block.activated.gradient", ACTIVATIONS, compute, rows, feedForward),
        allocator.allocate(
            "token_block.logits",
            ACTIVATIONS,
            compute,
            lossRows,
            new Dim(model.trajectories().isPresent() ? "actions" : "vocabulary", model.outputs())));
  }
}
