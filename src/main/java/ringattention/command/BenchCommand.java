package ringattention.command;

import java.util.List;
import java.util.Map;
import ringattention.bench.Benchmark;
import ringattention.bench.attention.AttentionBench;
import ringattention.bench.attention.BenchAttentionConfig;
import ringattention.bench.attention.BenchRingConfig;
import ringattention.bench.attention.RingExchangeBench;
import ringattention.bench.kernel.BenchKernelsConfig;
import ringattention.bench.kernel.KernelBench;
import ringattention.cli.CommandLine;
import ringattention.cli.ExitCode;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.Check;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.run.Trace;
import ringattention.validate.AttentionProblem;

/** {@code bench}: tables of rates, each with the number of wrong results beside it. */
public final class BenchCommand {
  private BenchCommand() {}

  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    job.agree(
        () -> {
          require(job, configuration);
          return configuration;
        });
    return Benchmark.run(
        job,
        configuration,
        (equipment, output) ->
            job.line().dryRun() ? ExitCode.VALID : measure(job, configuration, equipment, output));
  }

  private static int measure(
      Job job, Configuration configuration, Equipment equipment, RunOutput output) {
    long wrong;
    switch (job.line().command()) {
      case BENCH_ATTENTION -> {
        AttentionBench bench =
            new AttentionBench(
                configuration.get(BenchAttentionConfig.SECTION),
                equipment.world(),
                equipment.device(),
                job.timer(),
                System::nanoTime,
                output.log()::row);
        bench.run();
        output.write("attention.csv", bench.csv());
        List<AttentionProblem> problems =
            AttentionBench.problems(configuration.get(BenchAttentionConfig.SECTION));
        int traced = job.line().traced(problems.size());
        if (traced > 0) {
          Trace trace = new Trace(job, equipment.device());
          bench.again(problems.get(traced - 1), (name, pass) -> trace.of(name, pass, output));
        }
        wrong = bench.wrong();
      }
      case BENCH_KERNELS -> {
        KernelBench bench =
            new KernelBench(
                configuration.get(BenchKernelsConfig.SECTION),
                equipment.device(),
                job.timer(),
                System::nanoTime,
                output.log()::row);
        bench.run();
        output.write("kernels.csv", bench.csv());
        wrong = bench.wrong();
      }
      case BENCH_RING_EXCHANGE -> {
        RingExchangeBench bench =
            new RingExchangeBench(
                configuration.get(BenchRingConfig.SECTION),
                equipment.world(),
                equipment.device(),
                System::nanoTime,
                output.log()::row);
        bench.run();
        output.write("ring_exchange.csv", bench.csv());
        wrong = bench.wrong();
      }
      default -> throw new IllegalStateException(job.line().command() + " is no benchmark");
    }
    Check check = Check.atMost("wrong", wrong, 0, "wrong elements in all rows", Map.of());
    return output.finish(
        List.of(check),
        "all rows right, " + job.world().size() + " ranks",
        Double.NaN,
        Double.NaN,
        Map.of());
  }

  private static void require(Job job, Configuration configuration) {
    int ranks = job.world().size();
    if (job.line().command() == CommandLine.Command.BENCH_RING_EXCHANGE) {
      if (ranks < 2) {
        throw new InputException("bench ring-exchange needs at least 2 ranks: mpirun -np 2");
      }
      return;
    }
    if (job.line().command() == CommandLine.Command.BENCH_KERNELS) {
      if (ranks > 1) {
        throw new InputException("bench kernels measures one device: start it without mpirun");
      }
      return;
    }
    job.line()
        .traced(AttentionBench.problems(configuration.get(BenchAttentionConfig.SECTION)).size());
    for (int tokens : configuration.get(BenchAttentionConfig.SECTION).tokens()) {
      if (tokens < 2 * ranks) {
        throw configuration
            .source()
            .error(
                "benchAttention.tokens",
                "must each be at least " + 2 * ranks + " for " + ranks + " ranks");
      }
    }
  }
}
