package ringattention.bench.inference;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;

/**
 * What attention of a step over the cache takes in one layer, measured by itself.
 *
 * @param attentionS over what a rank holds
 * @param exchangeS of all ranks' outputs; 0 of one rank
 */
record StepParts(double attentionS, double exchangeS) {
  /**
   * Measures both. Collective.
   *
   * @param held slots of a rank, which all rows see
   */
  static StepParts measure(
      Device device,
      Communicator ranks,
      Collectives collectives,
      Repeats repeats,
      HeadCounts heads,
      int held,
      int rows) {
    try (Arena arena = new Arena(device)) {
      Dim each = new Dim("rows", rows);
      Dim slots = new Dim("slots", held);
      Dim size = new Dim("head size", heads.size());
      Dim query = new Dim("heads", heads.query());
      Dim keyValue = new Dim("key/value heads", heads.keyValue());
      Dim packed = new Dim("head size and log-sum-exp", heads.size() + 1);
      Tensor q = arena.allocate("q", ACTIVATIONS, device.compute(), each, query, size);
      Tensor keys = arena.allocate("keys", ACTIVATIONS, device.compute(), slots, keyValue, size);
      Tensor values =
          arena.allocate("values", ACTIVATIONS, device.compute(), slots, keyValue, size);
      Tensor segments =
          arena.allocate(
              "segments",
              ACTIVATIONS,
              DType.I32,
              new Dim("segments", 1),
              new Dim("numbers", DecodeAttention.SEGMENT));
      Tensor partial = arena.allocate("partial", RING, device.sum(), each, query, packed);
      Tensor parts =
          arena.allocate(
              "parts", RING, device.sum(), new Dim("ranks", ranks.size()), each, query, packed);
      for (Tensor some : new Tensor[] {q, keys, values}) {
        device.kernels().fill(some, 0.01);
      }
      device.write(segments, 0, rows, 0, held);
      Runnable attend = () -> device.decode().attend(q, keys, values, segments, partial);
      double attention = repeats.seconds(ranks, attend);
      Runnable exchange =
          () ->
              device.waitFor(
                  collectives.allGather(
                      partial.view(partial.elements()),
                      parts.view(parts.elements()),
                      device.mark()));
      return new StepParts(attention, ranks.size() == 1 ? 0 : repeats.seconds(ranks, exchange));
    }
  }
}
