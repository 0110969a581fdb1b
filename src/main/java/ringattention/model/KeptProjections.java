package ringattention.model;

import static ringattention.device.Allocator.Purpose.SAVED;

import ringattention.attention.KeyValue;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * Queries, keys and values of one block, rotated, as its attention takes them call by call: the
 * projections write them here and attention reads them here, in the forward and in the backward, so
 * that keeping them costs no copy.
 *
 * @param queries [calls of attention, tokens, sequences at a time, heads of a group, headSize]
 * @param keyValues [calls of attention, 2, tokens, sequences at a time, key/value heads of a group,
 *     headSize]
 */
record KeptProjections(Tensor queries, Tensor keyValues) {
  static KeptProjections allocate(
      Allocator allocator,
      String name,
      ModelConfig model,
      int headGroups,
      ShardShape shape,
      DType compute) {
    Dim calls = new Dim("attention calls", (long) shape.turns() * headGroups);
    Dim tokens = new Dim("tokens", shape.tokens());
    Dim together = new Dim("batch", shape.together());
    Dim size = new Dim("head size", model.heads().size());
    return new KeptProjections(
        allocator.allocate(
            name + "queries",
            SAVED,
            compute,
            calls,
            tokens,
            together,
            new Dim("heads of a group", model.heads().query() / headGroups),
            size),
        allocator.allocate(
            name + "key_values",
            SAVED,
            compute,
            calls,
            new Dim("key and value", 2),
            tokens,
            together,
            new Dim("key/value heads of a group", model.heads().keyValue() / headGroups),
            size));
  }

  /** Returns the queries of a call, [tokens, sequences at a time, heads of a group, headSize]. */
  Tensor query(int call) {
    return queries
        .slice(call, call + 1)
        .view(queries.dim(1), queries.dim(2), queries.dim(3), queries.dim(4));
  }

  /** Returns the keys and values of a call, one behind the other as they travel. */
  KeyValue keyValue(int call) {
    return KeyValue.together(
        keyValues
            .slice(call, call + 1)
            .view(2, keyValues.dim(2), keyValues.dim(3), keyValues.dim(4), keyValues.dim(5)));
  }
}
