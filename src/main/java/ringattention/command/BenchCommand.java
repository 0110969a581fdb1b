package ringattention.command;

import java.util.Comparator;
import java.util.Optional;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.attention.AttentionBench;
import ringattention.bench.attention.OverlapBench;
import ringattention.bench.attention.RingExchangeBench;
import ringattention.bench.inference.PrefillBench;
import ringattention.bench.kernel.DecodeBench;
import ringattention.bench.kernel.KernelBench;
import ringattention.bench.training.ContextBench;
import ringattention.bench.training.MemoryBench;
import ringattention.bench.training.MfuBench;
import ringattention.bench.training.ScalingBench;
import ringattention.bench.training.TrainingBench;
import ringattention.bench.training.TrainingRow;
import ringattention.cli.ExitCode;
import ringattention.input.Configuration;
import ringattention.plan.RunRules;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** {@code bench}: a table of measurements, each with checks or the number of wrong results. */
public final class BenchCommand {
  private BenchCommand() {}

  /** Nothing is written before the input is known to be good. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    RunRules.requireTokens(configuration, "benchmarks");
    Benchmark bench = job.agree(() -> benchmark(job, configuration));
    try (Equipment equipment = Equipment.open(job, configuration)) {
      bench.fit(job, equipment);
      requireText(job, bench);
      try (RunOutput output = RunOutput.of(job, configuration)) {
        var ring = bench.mesh(job.world().size());
        var header = Header.of(job, equipment, ring, Optional.empty());
        output.log().rows(header.lines());
        output.event("start", header.fields());
        BenchRun run = new BenchRun(job, equipment, output, SharedInput::samples);
        if (job.line().dryRun()) {
          bench.plan(run);
          return ExitCode.VALID;
        }
        return job.orAbort(() -> bench.measure(run));
      }
    }
  }

  private static Benchmark benchmark(Job job, Configuration configuration) {
    int ranks = job.world().size();
    return switch (job.line().command()) {
      case BENCH_ATTENTION -> new AttentionBench(configuration, ranks, job.line()::traced);
      case BENCH_KERNELS -> new KernelBench(configuration, ranks);
      case BENCH_DECODE -> new DecodeBench(configuration, ranks);
      case BENCH_PREFILL -> new PrefillBench(configuration);
      case BENCH_RING_EXCHANGE -> new RingExchangeBench(configuration, ranks);
      case BENCH_OVERLAP -> new OverlapBench(configuration, ranks);
      case BENCH_TRAINING -> new TrainingBench(configuration, ranks);
      case BENCH_MFU -> new MfuBench(configuration, ranks);
      case BENCH_SCALING -> new ScalingBench(configuration, ranks);
      case BENCH_MEMORY -> new MemoryBench(configuration, ranks);
      case BENCH_CONTEXT ->
          new ContextBench(
              configuration, ranks, job.line().memoryCap().isPresent(), job.line().dryRun());
      default -> throw new IllegalStateException(job.line().command() + " is no benchmark");
    };
  }

  /**
   * @throws ringattention.input.InputException on every rank if the text is shorter than the
   *     longest sequence
   */
  private static void requireText(Job job, Benchmark bench) {
    bench.rows().stream()
        .map(TrainingRow::plan)
        .max(Comparator.comparingInt(plan -> plan.setup().sequence()))
        .map(TrainingPlan::configuration)
        .ifPresent(longest -> SharedInput.samples(job, longest).close());
  }
}
