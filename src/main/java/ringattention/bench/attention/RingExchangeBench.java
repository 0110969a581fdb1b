package ringattention.bench.attention;

import java.util.Collections;
import java.util.Map;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.BenchTable;

/**
 * {@code bench ring-exchange}: every rank sends a message to the next and receives one from the
 * rank before, both at once, from and to the device's memory. Bandwidth is per rank and direction.
 * Then every hop is measured by itself, within hosts and between hosts.
 */
public final class RingExchangeBench implements Benchmark {
  private static final String HOPS = "ring_hops.csv";

  private final BenchRingConfig config;

  public RingExchangeBench(Configuration configuration, int ranks) {
    this.config = configuration.get(BenchRingConfig.SECTION);
    if (ranks < 2) {
      throw new InputException("bench ring-exchange needs at least 2 ranks: mpirun -np 2");
    }
  }

  @Override
  public int measure(BenchRun run) {
    RingMessages messages =
        new RingMessages(
            run.equipment().world(),
            run.device(),
            config.warmup(),
            config.repeats(),
            System::nanoTime);
    BenchTable<RingMessages.Measured> table =
        new BenchTable<RingMessages.Measured>()
            .column("bytes", "B", "%d", RingMessages.Measured::bytes)
            .column("ranks", "%d", row -> run.ranks())
            .column("time_us", "us", "%.1f", row -> row.seconds() * 1e6)
            .column("bandwidth_gbytes_per_s", "GB/s", "%.3f", row -> row.bytesPerS() * 1e-9)
            .column("wrong", "%d", RingMessages.Measured::wrong);
    run.header(table, "ring_exchange.csv");
    for (long bytes : config.bytes()) {
      run.row(table, "ring_exchange.csv", messages.measure(bytes));
    }
    long wrong =
        table.rows().stream().mapToLong(RingMessages.Measured::wrong).sum() + wrongOfHops(run);
    run.wrong("wrong", "wrong elements in all rows", wrong);
    return run.finish("all rows right, " + run.ranks() + " ranks", Map.of());
  }

  /**
   * Measures every hop with the largest message and prints it; returns how many elements were wrong
   * over all.
   */
  private long wrongOfHops(BenchRun run) {
    BenchTable<HopTimes.Hop> table =
        new BenchTable<HopTimes.Hop>()
            .column("from", "%d", HopTimes.Hop::from)
            .column("to", "%d", HopTimes.Hop::to)
            .column("kind", "%s", HopTimes.Hop::kind)
            .column("bytes", "B", "%d", HopTimes.Hop::bytes)
            .column("time_us", "us", "%.1f", row -> row.seconds() * 1e6)
            .column("bandwidth_gbytes_per_s", "GB/s", "%.3f", row -> row.bytesPerS() * 1e-9)
            .column("wrong", "%d", HopTimes.Hop::wrong);
    Repeats repeats =
        new Repeats(
            config.warmup(),
            config.repeats(),
            RingMessages.SHORTEST,
            0,
            System::nanoTime,
            run.device());
    HopTimes times =
        new HopTimes(run.equipment().world(), run.job().hosts(), run.device(), repeats);
    run.header(table, HOPS);
    times.measure(Collections.max(config.bytes())).forEach(hop -> run.row(table, HOPS, hop));
    double wrong = table.rows().stream().mapToLong(HopTimes.Hop::wrong).sum(); // on rank 0
    return (long) run.job().world().allReduce(wrong, Communicator.Operation.SUM);
  }
}
