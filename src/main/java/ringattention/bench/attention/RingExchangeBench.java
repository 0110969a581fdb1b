package ringattention.bench.attention;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;

/**
 * {@code bench ring-exchange}: every rank sends a message to the next and receives one from the
 * rank before, both at once, from and to the device's memory. Bandwidth is per rank and direction.
 */
public final class RingExchangeBench {
  private final BenchRingConfig config;
  private final Communicator world;
  private final RingMessages messages;
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
    this.messages = new RingMessages(world, device, config.warmup(), config.repeats(), clock);
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
    RingMessages.Measured measured = messages.measure(bytes);
    if (world.rank() == 0) {
      wrong += measured.wrong();
      print.accept(
          table.row(
              measured.bytes(),
              world.size(),
              measured.seconds() * 1e6,
              measured.bytesPerS() * 1e-9,
              measured.wrong()));
    }
  }
}
