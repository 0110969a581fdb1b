package ringattention.infer;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.OFFLOADED;
import static ringattention.device.Allocator.Purpose.RING;

import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.model.ActivationPolicy;
import ringattention.model.Activations;
import ringattention.model.ModelConfig;
import ringattention.model.ShardShape;

/**
 * The memory of a step over new tokens, a row each.
 *
 * @param activations of the blocks
 * @param keys of the new tokens, [rows, 1, keyValueHeads, headSize]
 * @param values as keys
 * @param slots I32 [rows]: where this rank keeps them, negative where it does not
 * @param segments I32 [2 rows, 4]: {@link DecodeAttention#attend}
 * @param parts what all ranks have seen, [ranks, rows, heads, headSize + 1]
 * @param partial what this rank has seen, [rows, heads, headSize + 1]; of one rank its parts
 * @param logits sum type, [rows, vocabulary]; of trajectories the actions before their tangent,
 *     compute type, [rows, actions]
 * @param hostLogits the same on the host; null of trajectories
 */
record StepBuffers(
    Activations activations,
    Tensor keys,
    Tensor values,
    Tensor slots,
    Tensor segments,
    Tensor parts,
    Tensor partial,
    Tensor logits,
    Tensor hostLogits) {

  /** Returns segments for so many rows: each may see its prefix and its own tail. */
  static int segments(int rows) {
    return 2 * rows;
  }

  static ShardShape shape(int rows) {
    return new ShardShape(rows, rows, 1, false, rows, rows);
  }

  static StepBuffers allocate(
      Allocator allocator, ModelConfig model, int rows, int ranks, DType compute, DType sum) {
    Dim each = new Dim("rows", rows);
    Dim one = new Dim("batch", 1);
    Dim keyHeads = new Dim("key/value heads", model.heads().keyValue());
    Dim size = new Dim("head size", model.heads().size());
    Dim heads = new Dim("heads", model.heads().query());
    Dim packed = new Dim("head size and log-sum-exp", model.heads().size() + 1);
    Dim all = new Dim("ranks", ranks);
    boolean steps = model.trajectories().isPresent();
    Dim outputs = new Dim(steps ? "actions" : "vocabulary", model.outputs());
    Tensor parts = allocator.allocate("parts", RING, sum, all, each, heads, packed);
    return new StepBuffers(
        Activations.allocate(
            allocator,
            model,
            ActivationPolicy.forwardOnly(model.layers(), 1),
            shape(rows),
            false,
            compute,
            sum),
        allocator.allocate("keys", ACTIVATIONS, compute, each, one, keyHeads, size),
        allocator.allocate("values", ACTIVATIONS, compute, each, one, keyHeads, size),
        allocator.allocate("slots", ACTIVATIONS, DType.I32, each),
        allocator.allocate(
            "segments",
            ACTIVATIONS,
            DType.I32,
            new Dim("segments", segments(rows)),
            new Dim("numbers", DecodeAttention.SEGMENT)),
        parts,
        ranks == 1
            ? parts.view(rows, model.heads().query(), model.heads().size() + 1)
            : allocator.allocate("partial", RING, sum, each, heads, packed),
        allocator.allocate("logits", ACTIVATIONS, steps ? compute : sum, each, outputs),
        steps ? null : allocator.allocate("logits.host", OFFLOADED, sum, each, outputs));
  }
}
