package ringattention.bench.attention;

import java.util.Map;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.BenchTable;

/**
 * {@code bench ring-exchange}: every rank sends a message to the next and receives one from the
 * rank before, both at once, from and to the device's memory. Bandwidth is per rank and direction.
 */
public final class RingExchangeBench implements Benchmark {
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
    long wrong = table.rows().stream().mapToLong(RingMessages.Measured::wrong).sum();
    run.wrong("wrong", "wrong elements in all rows", wrong);
    return run.finish("all rows right, " + run.ranks() + " ranks", Map.of());
  }
}
