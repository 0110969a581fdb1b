package ringattention.model;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.SAVED;

import java.util.ArrayList;
import java.util.List;
import ringattention.config.ModelConfig;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * Every activation of a rank. Only the block inputs are as many as there are blocks; the rest is
 * shared by all of them.
 *
 * @param inputs layers + 1 of [tokens, batch, hidden]: each block's input, last the final block's
 *     output
 * @param gradient of the residual stream, [tokens, batch, hidden]
 * @param afterAttention the residual stream between attention and feed-forward, recomputed in the
 *     backward, [tokens, batch, hidden]
 * @param query [tokens, batch, heads, headSize]
 * @param attended merged attention output, [tokens, batch, heads, headSize]
 * @param logSumExp sum type, [tokens, batch, heads]
 * @param dAttended gradient of attended
 * @param block scratch for one block of tokens
 * @param loss sum of losses, sum type, [1]
 * @param tokens I32, [tokens, batch]
 * @param labels I32, [tokens, batch]; -1 counts nothing
 * @param positions I32, [tokens]: global
 * @param frequencies F64, [headSize / 2]: {@link RotaryFrequencies}
 */
public record Activations(
    List<Tensor> inputs,
    Tensor gradient,
    Tensor afterAttention,
    Tensor query,
    Tensor attended,
    Tensor logSumExp,
    Tensor dAttended,
    Block block,
    Tensor loss,
    Tensor tokens,
    Tensor labels,
    Tensor positions,
    Tensor frequencies) {

  /**
   * Scratch for one block of tokens; rows = block * batch.
   *
   * @param normed [rows, hidden], as is dNormed
   * @param gate [rows, feedForward], as are up, activated, dActivated
   * @param logits [loss rows, vocabulary]
   * @param projected sum-type tensors converted to the compute type, [rows, heads * headSize]; null
   *     where the types are the same
   */
  public record Block(
      Tensor normed,
      Tensor dNormed,
      Tensor gate,
      Tensor up,
      Tensor activated,
      Tensor dActivated,
      Tensor logits,
      Tensor projected) {}

  public static Activations allocate(
      Allocator allocator, ModelConfig model, ShardShape shape, DType compute, DType sum) {
    Dim tokens = new Dim("tokens", shape.tokens());
    Dim batch = new Dim("batch", shape.batch());
    Dim hidden = new Dim("hidden", model.hidden());
    Dim heads = new Dim("heads", model.heads());
    Dim headSize = new Dim("head size", model.headSize());
    List<Tensor> inputs = new ArrayList<>();
    for (int layer = 0; layer <= model.layers(); layer++) {
      String name = layer < model.layers() ? "block." + layer + ".input" : "blocks.output";
      inputs.add(allocator.allocate(name, SAVED, compute, tokens, batch, hidden));
    }
    return new Activations(
        inputs,
        allocator.allocate("residual.gradient", ACTIVATIONS, compute, tokens, batch, hidden),
        allocator.allocate("after_attention", ACTIVATIONS, compute, tokens, batch, hidden),
        allocator.allocate("query", ACTIVATIONS, compute, tokens, batch, heads, headSize),
        allocator.allocate("attended", ACTIVATIONS, compute, tokens, batch, heads, headSize),
        allocator.allocate("attended.log_sum_exp", ACTIVATIONS, sum, tokens, batch, heads),
        allocator.allocate(
            "attended.gradient", ACTIVATIONS, compute, tokens, batch, heads, headSize),
        block(allocator, model, shape, compute, sum),
        allocator.allocate("loss", ACTIVATIONS, sum, new Dim("value", 1)),
        allocator.allocate("tokens", ACTIVATIONS, DType.I32, tokens, batch),
        allocator.allocate("labels", ACTIVATIONS, DType.I32, tokens, batch),
        allocator.allocate("positions", ACTIVATIONS, DType.I32, tokens),
        allocator.allocate(
            "rotary.frequencies",
            ACTIVATIONS,
            DType.F64,
            new Dim("head size / 2", model.headSize() / 2)));
  }

  private static Block block(
      Allocator allocator, ModelConfig model, ShardShape shape, DType compute, DType sum) {
    int most = Math.max(shape.feedForwardBlock(), shape.lossBlock());
    Dim normRows = new Dim("rows", (long) most * shape.batch());
    Dim rows = new Dim("rows", (long) shape.feedForwardBlock() * shape.batch());
    Dim lossRows = new Dim("rows", (long) shape.lossBlock() * shape.batch());
    Dim hidden = new Dim("hidden", model.hidden());
    Dim feedForward = new Dim("feed-forward", model.feedForward());
    Dim queries = new Dim("heads x head size", (long) model.heads() * model.headSize());
    return new Block(
        allocator.allocate("token_block.normed", ACTIVATIONS, compute, normRows, hidden),
        allocator.allocate("token_block.normed.gradient", ACTIVATIONS, compute, normRows, hidden),
        allocator.allocate("token_block.gate", ACTIVATIONS, compute, rows, feedForward),
        allocator.allocate("token_block.up", ACTIVATIONS, compute, rows, feedForward),
        allocator.allocate("token_block.activated", ACTIVATIONS, compute, rows, feedForward),
        allocator.allocate(
            "token_block.activated.gradient", ACTIVATIONS, compute, rows, feedForward),
        allocator.allocate(
            "token_block.logits",
            ACTIVATIONS,
            compute,
            lossRows,
            new Dim("vocabulary", model.vocabulary())),
        compute == sum
            ? null
            : allocator.allocate("token_block.projected", ACTIVATIONS, compute, rows, queries));
  }
}
