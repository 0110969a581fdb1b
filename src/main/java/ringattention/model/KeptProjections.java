package ringattention.model;

import static ringattention.device.Allocator.Purpose.SAVED;

import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * Queries, keys and values of one block, rotated, call by call of its attention. Queries are
 * written and read here; keys and values are copied, for attention takes them where they travel
 * from.
 *
 * @param queries [calls of attention, tokens, sequences at a time, heads of a group, headSize]
 * @param keys [calls of attention, tokens, sequences at a time, key/value heads of a group,
 *     headSize]
 * @param values likewise
 */
record KeptProjections(Tensor queries, Tensor keys, Tensor values) {
  static KeptProjections allocate(
      Allocator allocator,
      String name,
      ModelConfig model,
      int headGroups,
      ShardShape shape,
      DType compute) {
    Dim calls = new Dim("attention calls", (long) shape.turns() * headGroups);
    Dim tokens = new Dim("tokens", shape.entered());
    Dim together = new Dim("batch", shape.together());
    Dim size = new Dim("head size", model.heads().size());
    Dim heads = new Dim("heads of a group", model.heads().query() / headGroups);
    Dim keyHeads = new Dim("key/value heads of a group", model.heads().keyValue() / headGroups);
    return new KeptProjections(
        allocator.allocate(name + "queries", SAVED, compute, calls, tokens, together, heads, size),
        allocator.allocate(name + "keys", SAVED, compute, calls, tokens, together, keyHeads, size),
        allocator.allocate(
            name + "values", SAVED, compute, calls, tokens, together, keyHeads, size));
  }

  /** Returns the queries of a call, [tokens, sequences at a time, heads of a group, headSize]. */
  Tensor query(int call) {
    return part(queries, call);
  }

  /** Returns keys and values of a call, each [tokens, sequences at a time, heads, headSize]. */
  List<Tensor> keyValues(int call) {
    return List.of(part(keys, call), part(values, call));
  }

  private static Tensor part(Tensor all, int call) {
    return all.slice(call, call + 1).view(all.dim(1), all.dim(2), all.dim(3), all.dim(4));
  }
}
