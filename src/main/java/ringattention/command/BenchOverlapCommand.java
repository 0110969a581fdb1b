package ringattention.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringattention.bench.Benchmark;
import ringattention.bench.attention.BenchOverlapConfig;
import ringattention.bench.attention.OverlapBench;
import ringattention.cli.ExitCode;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.Check;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** {@code bench overlap}: the smallest block whose exchange is hidden (table 2 of the paper). */
public final class BenchOverlapCommand {
  private BenchOverlapCommand() {}

  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    job.agree(
        () -> {
          require(job.world().size(), configuration);
          return configuration;
        });
    return Benchmark.run(
        job,
        configuration,
        (equipment, output) ->
            job.line().dryRun() ? ExitCode.VALID : measure(job, configuration, equipment, output));
  }

  private static void require(int ranks, Configuration configuration) {
    if (ranks < 2) {
      throw new InputException("bench overlap needs at least 2 ranks: mpirun -np 2");
    }
    List<Integer> tokens = configuration.get(BenchOverlapConfig.SECTION).tokens();
    if (tokens.get(tokens.size() - 1) > Integer.MAX_VALUE / ranks) {
      throw configuration
          .source()
          .error("benchOverlap.tokens", "must make sequences below 2^31 on " + ranks + " ranks");
    }
  }

  private static int measure(
      Job job, Configuration configuration, Equipment equipment, RunOutput output) {
    OverlapBench bench =
        new OverlapBench(
            configuration.get(BenchOverlapConfig.SECTION),
            equipment.world(),
            equipment.device(),
            job.timer(),
            System::nanoTime,
            output.log()::row);
    bench.run();
    output.write("overlap.csv", bench.blocksCsv());
    output.write("overlap_messages.csv", bench.messagesCsv());
    output.write("overlap_threshold.csv", bench.thresholdsCsv());
    output.plot("overlap", bench::plot);
    List<Check> checks = new ArrayList<>();
    checks.add(
        Check.atMost(
            "wrong", bench.wrong(), 0, "wrong elements of messages and results", Map.of()));
    checks.addAll(bench.checks());
    boolean checked =
        checks.stream().noneMatch(check -> check.verdict() == Check.Verdict.NOT_CHECKED);
    return output.finish(
        checks,
        (checked
                ? "predicted and measured blocks agree, "
                : "results are right, blocks NOT CHECKED, ")
            + job.world().size()
            + " ranks",
        Double.NaN,
        Double.NaN,
        Map.of("thresholds", bench.thresholds()));
  }
}
