package ringattention.model;

import static ringattention.device.Allocator.Purpose.SAVED;

import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * What the backward of one block's feed-forward needs and only products would give again. The norm
 * of the input and the product of silu(gate) and up are made again from these, element by element.
 *
 * @param input the residual stream behind attention, [tokens, batch, hidden]
 * @param gate [tokens that entered, batch, feedForward], then its gradient
 * @param up likewise
 */
record KeptFeedForward(Tensor input, Tensor gate, Tensor up) {
  static KeptFeedForward allocate(
      Allocator allocator, String name, ModelConfig model, ShardShape shape, DType compute) {
    Dim tokens = new Dim("tokens", shape.tokens());
    Dim entered = new Dim("tokens", shape.entered());
    Dim batch = new Dim("batch", shape.batch());
    Dim hidden = new Dim("hidden", model.hidden());
    Dim wide = new Dim("feed-forward", model.feedForward());
    return new KeptFeedForward(
        allocator.allocate(name + "after_attention", SAVED, compute, tokens, batch, hidden),
        allocator.allocate(name + "gate", SAVED, compute, entered, batch, wide),
        allocator.allocate(name + "up", SAVED, compute, entered, batch, wide));
  }
}
