package ringattention.bench.attention;

import static ringattention.device.Allocator.Purpose.RING;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * Times messages from every rank to the next, all at once, from and to the device's memory, and
 * checks what arrives.
 */
public final class RingMessages {
  static final double SHORTEST = 0.005; // seconds of a repeat: several small messages

  /**
   * One size of message.
   *
   * @param seconds of one exchange: median over the repeats of the slowest rank's time
   * @param wrong elements that arrived, over all ranks
   */
  record Measured(long bytes, double seconds, long wrong) {
    /** Returns what a rank sends in one direction. */
    double bytesPerS() {
      return bytes / seconds;
    }
  }

  private final Communicator world;
  private final Device device;
  private final Repeats repeats;

  /**
   * @param clock in nanoseconds
   */
  RingMessages(Communicator world, Device device, int warmup, int repeats, LongSupplier clock) {
    this.world = world;
    this.device = device;
    this.repeats = new Repeats(warmup, repeats, SHORTEST, 0, clock, device);
  }

  /**
   * Collective; needs two ranks at least.
   *
   * @param bytes rounded down to whole elements of four
   */
  Measured measure(long bytes) {
    try (Arena arena = new Arena(device)) {
      Dim size = new Dim("elements", bytes / DType.I32.bytes());
      Tensor send = arena.allocate("send", RING, DType.I32, size);
      Tensor receive = arena.allocate("receive", RING, DType.I32, size);
      device.write(send, pattern(world.rank(), size.size()));
      RingExchange exchange = new RingExchange(world);
      List<ByteBuffer> sent = List.of(send.buffers());
      List<ByteBuffer> received = List.of(receive.buffers());
      Runnable hop =
          () -> {
            exchange.post(sent, received);
            exchange.await();
          };
      repeats.warm(hop);
      int exchanges = repeats.passes(world, hop);
      device.write(receive, new int[Math.toIntExact(size.size())]); // what does not arrive shows
      double seconds = repeats.median(world, exchanges, hop);
      long own = wrong(device.read(receive), world);
      long wrong = (long) world.allReduce(own, Communicator.Operation.SUM);
      return new Measured(send.bytes(), seconds, wrong);
    }
  }

  /** Returns how many elements are not those of the rank before. */
  static long wrong(double[] received, Communicator world) {
    int[] expected = pattern((world.rank() + world.size() - 1) % world.size(), received.length);
    long count = 0;
    for (int i = 0; i < expected.length; i++) {
      if (received[i] != expected[i]) {
        count++;
      }
    }
    return count;
  }

  /** Differs at every position and between ranks. */
  static int[] pattern(int rank, long elements) {
    int[] values = new int[Math.toIntExact(elements)];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1 + rank + i * 31;
    }
    return values;
  }
}
