package ringattention.bench.inference;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import ringattention.bench.RandomRows;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.device.Allocator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.metrics.AttentionFlops;
import ringattention.model.ModelConfig;
import ringattention.shard.Mask;

/**
 * The rates of what a prefill is made of, measured by themselves: what its own rate is held
 * against. Both are rates that are kept up as long as a prompt takes: in a burst a GPU is faster
 * than its power lets it be for a second.
 *
 * @param products FLOP/s of the matrix products of a block of tokens
 * @param attention FLOP/s of the forward of a block pair
 */
record PartRates(double products, double attention) {
  private static final double LONG = 1; // second

  /**
   * Measures both on every rank at once; the slowest counts. Collective.
   *
   * @param block tokens that the products take at a time
   * @param queries of the block pair
   * @param keys of the block pair
   */
  static PartRates measure(
      Device device,
      Communicator ranks,
      Repeats repeats,
      ModelConfig model,
      int block,
      int queries,
      int keys) {
    Repeats kept = device.asynchronous() ? repeats.lasting(LONG) : repeats;
    return new PartRates(
        products(device, ranks, kept, model, block),
        attention(device, ranks, kept, model.heads(), queries, keys));
  }

  private static double products(
      Device device, Communicator ranks, Repeats repeats, ModelConfig model, int block) {
    HeadCounts heads = model.heads();
    int hidden = model.hidden();
    int wide = model.feedForward();
    try (Arena arena = new Arena(device)) {
      Tensor x = random(device, arena, "x", block, hidden);
      Tensor query = random(device, arena, "query", heads.queryWidth(), hidden);
      Tensor key = random(device, arena, "key", heads.keyValueWidth(), hidden);
      Tensor gate = random(device, arena, "gate", wide, hidden);
      Tensor down = random(device, arena, "down", hidden, wide);
      Tensor queries = random(device, arena, "queries", block, heads.queryWidth());
      Tensor keys = random(device, arena, "keys", block, heads.keyValueWidth());
      Tensor activated = random(device, arena, "activated", block, wide);
      Tensor out = random(device, arena, "out", hidden, heads.queryWidth());
      Tensor sum = random(device, arena, "sum", block, hidden);
      // x stays as it is: fed back, it would be infinite soon, and a GPU multiplies that faster
      Runnable layer =
          () -> {
            multiply(device, x, query, queries);
            multiply(device, x, key, keys);
            multiply(device, x, key, keys);
            multiply(device, queries, out, sum);
            multiply(device, x, gate, activated);
            multiply(device, x, gate, activated);
            multiply(device, activated, down, sum);
          };
      double weights =
          2.0 * hidden * (heads.queryWidth() + heads.keyValueWidth()) + 3.0 * hidden * wide;
      return 2 * block * weights / repeats.seconds(ranks, layer);
    }
  }

  private static void multiply(Device device, Tensor in, Tensor weight, Tensor out) {
    device.kernels().matmul(in, false, weight, true, out, false);
  }

  private static double attention(
      Device device, Communicator ranks, Repeats repeats, HeadCounts heads, int queries, int keys) {
    try (Arena arena = new Arena(device)) {
      Tensor q = heads(device, arena, "q", queries, heads.query(), heads.size());
      Tensor k = heads(device, arena, "k", keys, heads.keyValue(), heads.size());
      Tensor v = heads(device, arena, "v", keys, heads.keyValue(), heads.size());
      Tensor out = heads(device, arena, "out", queries, heads.query(), heads.size());
      Tensor logSumExp =
          arena.allocate(
              "lse",
              ACTIVATIONS,
              device.sum(),
              new Dim("queries", queries),
              new Dim("batch", 1),
              new Dim("heads", heads.query()));
      Runnable pair = () -> device.attention().forward(q, k, v, Mask.FULL, out, logSumExp);
      double flops =
          new AttentionFlops(heads.query(), heads.size(), false).forward((double) queries * keys);
      return flops / repeats.seconds(ranks, pair);
    }
  }

  private static Tensor random(
      Device device, Allocator arena, String name, long rows, long columns) {
    Tensor made =
        arena.allocate(
            name,
            ACTIVATIONS,
            device.compute(),
            new Dim("rows", rows),
            new Dim("columns", columns));
    new RandomRows(name, Math.toIntExact(columns), device.compute()).load(device, made);
    return made;
  }

  private static Tensor heads(
      Device device, Allocator arena, String name, int tokens, int heads, int size) {
    return random(device, arena, name, tokens, (long) heads * size).view(tokens, 1, heads, size);
  }
}
