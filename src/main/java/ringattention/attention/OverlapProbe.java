package ringattention.attention;

import java.util.List;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.AttentionFlops;
import ringattention.shard.BlockPair;
import ringattention.shard.Documents;
import ringattention.shard.MaskKind;
import ringattention.shard.SequenceLayout;

/**
 * Times one step of a ring before it is used, in the ring's own buffers and with a call that it
 * makes itself: nothing is allocated. For one sequence of one document; what the backward sends is
 * left out.
 */
public final class OverlapProbe {
  private static final int TIMES = 2;
  private static final double LONG = 0.1; // seconds

  private final Device device;
  private final LongSupplier clock;

  /**
   * @param clock in nanoseconds
   */
  public OverlapProbe(Device device, LongSupplier clock) {
    this.device = device;
    this.clock = clock;
  }

  /**
   * Overwrites the query, the own keys and values, a slot and the block's output. Collective over
   * the ring.
   *
   * @param ring two ranks at least
   * @param query [tokens, batch, heads, headSize], compute type
   */
  public OverlapEstimate measure(
      Communicator ring, SequenceLayout layout, MaskKind mask, RingBuffers buffers, Tensor query) {
    int rank = ring.rank();
    KeyValue own = buffers.own().of(layout.size(rank));
    int previous = Math.floorMod(rank - 1, ring.size());
    KeyValue arriving = buffers.slots().get(0).of(layout.size(previous));
    device.kernels().fill(query, 0); // memory is not always a number
    device.kernels().fill(own.storage(), 0);
    List<BlockPair> pairs =
        new RingSchedule(layout, mask, rank).visible(device, rank, Documents.ONE);
    double attention =
        fastest(() -> pairs.forEach(pair -> attend(pair, query, own, buffers)), () -> {}, LONG);
    RingExchange exchange = new RingExchange(ring);
    double message =
        fastest(
            () -> {
              exchange.post(own.message(), arriving.message());
              exchange.await();
            },
            ring::barrier,
            Double.POSITIVE_INFINITY); // as often on every rank
    double[] seconds = {attention, message};
    ring.allReduce(seconds, Communicator.Operation.MAX);
    AttentionFlops flops =
        new AttentionFlops(Math.toIntExact(query.dim(2)), Math.toIntExact(query.dim(3)), false);
    double visible = pairs.stream().mapToDouble(BlockPair::visiblePairs).sum();
    return new OverlapEstimate(
        layout.size(rank),
        query.dim(1) * flops.forward(visible),
        own.storage().bytes(),
        seconds[0],
        seconds[1]);
  }

  private void attend(BlockPair pair, Tensor query, KeyValue own, RingBuffers buffers) {
    device
        .attention()
        .forward(
            query.slice(pair.queryFrom(), pair.queryTo()),
            own.keys().slice(pair.keyFrom(), pair.keyTo()),
            own.values().slice(pair.keyFrom(), pair.keyTo()),
            RingAttention.mask(pair),
            buffers.blockOut().slice(0, pair.queries()),
            buffers.blockLogSumExp().slice(0, pair.queries()));
  }

  /**
   * Seconds of the fastest of some runs after one that does not count: it compiles and plans.
   *
   * @param enough seconds; what takes so long is not repeated
   */
  private double fastest(Runnable work, Runnable before, double enough) {
    seconds(work, before);
    double fastest = seconds(work, before);
    for (int i = 1; i < TIMES && fastest < enough; i++) {
      fastest = Math.min(fastest, seconds(work, before));
    }
    return fastest;
  }

  private double seconds(Runnable work, Runnable before) {
    device.synchronize();
    before.run();
    long start = clock.getAsLong();
    work.run();
    device.synchronize();
    return (clock.getAsLong() - start) * 1e-9;
  }
}
