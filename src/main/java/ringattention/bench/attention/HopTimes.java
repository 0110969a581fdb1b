package ringattention.bench.attention;

import static ringattention.device.Allocator.Purpose.RING;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.metrics.Statistics;

/**
 * Times every hop of a ring, first those within hosts, then those between hosts: of each kind all
 * at once, as in a run, and of the other none.
 *
 * @param world the ring, for the device's memory
 * @param hosts of every rank
 */
record HopTimes(Communicator world, List<String> hosts, Device device, Repeats repeats) {
  /**
   * One hop.
   *
   * @param from the rank that sends
   * @param to the rank that receives
   * @param kind {@code same-host} or {@code other-host}
   * @param seconds until all was there: median over the repeats
   * @param wrong elements that arrived
   */
  record Hop(int from, int to, String kind, long bytes, double seconds, long wrong) {
    double bytesPerS() {
      return bytes / seconds;
    }
  }

  /**
   * Collective; needs two ranks at least.
   *
   * @param bytes rounded down to whole elements of four
   * @return the hops by their first rank, on rank 0; an empty list on the others
   */
  List<Hop> measure(long bytes) {
    try (Arena arena = new Arena(device)) {
      Dim size = new Dim("elements", bytes / DType.I32.bytes());
      Tensor send = arena.allocate("send", RING, DType.I32, size);
      Tensor receive = arena.allocate("receive", RING, DType.I32, size);
      device.write(send, RingMessages.pattern(world.rank(), size.size()));
      double within = seconds(false, send, receive);
      double between = seconds(true, send, receive);
      boolean left = leaves(before(world.rank()));
      double[] own = {
        left ? between : within, RingMessages.wrong(device.read(receive), world), send.bytes()
      };
      return hops(world.gather(own));
    }
  }

  private List<Hop> hops(List<double[]> received) {
    List<Hop> hops = new ArrayList<>();
    for (int from = 0; from < received.size(); from++) {
      int to = next(from);
      double[] there = received.get(to);
      String kind = leaves(from) ? "other-host" : "same-host";
      hops.add(new Hop(from, to, kind, (long) there[2], there[0], (long) there[1]));
    }
    return hops;
  }

  /** Returns this rank's time, if it takes part. */
  private double seconds(boolean between, Tensor send, Tensor receive) {
    int rank = world.rank();
    List<ByteBuffer> sent = leaves(rank) == between ? List.of(send.buffers()) : List.of();
    List<ByteBuffer> received =
        leaves(before(rank)) == between ? List.of(receive.buffers()) : List.of();
    Runnable hop =
        () -> {
          if (!sent.isEmpty() || !received.isEmpty()) {
            world.sendReceive(sent, next(rank), received, before(rank)).await();
          }
        };
    repeats.warm(hop);
    int passes = repeats.passes(world, hop);
    double[] seconds = new double[repeats.repeats()];
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = repeats.own(world, passes, hop);
    }
    return Statistics.of(seconds).median();
  }

  private int next(int rank) {
    return (rank + 1) % world.size();
  }

  private int before(int rank) {
    return (rank + world.size() - 1) % world.size();
  }

  private boolean leaves(int rank) {
    return !hosts.get(rank).equals(hosts.get(next(rank)));
  }
}
