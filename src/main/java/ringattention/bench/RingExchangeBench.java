package ringattention.bench;

import static ringattention.device.Allocator.Purpose.RING;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.config.BenchRingConfig;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;

/**
 * {@code bench ring-exchange}: every rank sends a message to the next and receives one from the
 * rank before, both at once, from and to the device's memory. Bandwidth is per rank and direction.
 */
public final class RingExchangeBench {
  private static final double SHORTEST = 0.005; // seconds of a repeat: several small messages

  private final BenchRingConfig config;
  private final Communicator world;
  private final Device device;
  private final Repeats repeats;
  private final Consumer<String> print;
  private final BenchTable table =
      new BenchTable(
          List.of(
              new Column("bytes", "B", "%d"),
              new Column("ranks", "", "%d"),
              new Column("time_us", "us", "%.1f"),
              new Column("bandwidth_gbytes_per_s", "GB/s", "%.3f"),
              new Column("wrong", "", "%d")));
  private long wrong;

  /**
   * @param clock in nanoseconds
   * @param print takes the table's lines, on rank 0
   */
  public RingExchangeBench(
      BenchRingConfig config,
      Communicator world,
      Device device,
      LongSupplier clock,
      Consumer<String> print) {
    this.config = config;
    this.world = world;
    this.device = device;
    this.repeats = new Repeats(config.warmup(), config.repeats(), SHORTEST, 0, clock, device);
    this.print = print;
  }

  /** Prints every row as it is measured. Collective; needs two ranks at least. */
  public void run() {
    if (world.rank() == 0) {
      table.header().forEach(print);
    }
    for (long bytes : config.bytes()) {
      measure(bytes);
    }
  }

  /** Wrong elements in all rows, on rank 0. */
  public long wrong() {
    return wrong;
  }

  /** All rows, on rank 0. */
  public String csv() {
    return table.csv();
  }

  private void measure(long bytes) {
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
      double[] wrongElements = {wrong(device.read(receive))};
      world.allReduce(wrongElements, Communicator.Operation.SUM);
      if (world.rank() == 0) {
        wrong += (long) wrongElements[0];
        long moved = size.size() * DType.I32.bytes();
        print.accept(
            table.row(
                moved,
                world.size(),
                seconds * 1e6,
                moved / seconds * 1e-9,
                (long) wrongElements[0]));
      }
    }
  }

  private long wrong(double[] received) {
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
  private static int[] pattern(int rank, long elements) {
    int[] values = new int[Math.toIntExact(elements)];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1 + rank + i * 31;
    }
    return values;
  }
}
