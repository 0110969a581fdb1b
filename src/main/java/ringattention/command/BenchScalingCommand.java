package ringattention.command;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import ringattention.bench.Benchmark;
import ringattention.bench.RowChecks;
import ringattention.bench.attention.AttentionScaling;
import ringattention.bench.training.BenchScalingConfig;
import ringattention.bench.training.ScalingTable;
import ringattention.bench.training.TrainingMeasurement;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.data.Samples;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.model.Architecture;
import ringattention.model.AttentionConfig;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.Check;
import ringattention.run.DeviceConfig;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;
import ringattention.shard.MaskKind;
import ringattention.train.DivergedException;

/**
 * {@code bench scaling}: ring attention and training over the first 1, 2, 4, .. ranks and all, with
 * as many tokens on each rank (weak) and with one sequence for all (strong).
 */
public final class BenchScalingCommand {
  /** One sequence over some ranks; where weak and strong scaling meet it is measured once. */
  private record Case(int ranks, int tokens) {
    private String name() {
      return tokens + " tokens, " + ranks + (ranks == 1 ? " rank" : " ranks");
    }
  }

  private final Job job;
  private final Configuration configuration;
  private final BenchScalingConfig bench;
  private final Map<Case, TrainingPlan> plans;
  private final ScalingTable table = new ScalingTable();
  private final List<Check> checks = new ArrayList<>();
  private long wrong; // results of attention, on rank 0

  private BenchScalingCommand(Job job, Configuration configuration, Map<Case, TrainingPlan> plans) {
    this.job = job;
    this.configuration = configuration;
    this.bench = configuration.get(BenchScalingConfig.SECTION);
    this.plans = plans;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    Map<Case, TrainingPlan> plans = job.agree(() -> plans(job, configuration));
    plans
        .values() // the text is long enough
        .forEach(plan -> SharedInput.samples(job, plan.configuration()).close());
    BenchScalingCommand command = new BenchScalingCommand(job, configuration, plans);
    return Benchmark.run(job, command.configuration, command::run);
  }

  /** Of every training run to be. */
  private static Map<Case, TrainingPlan> plans(Job job, Configuration configuration) {
    BenchScalingConfig bench = configuration.get(BenchScalingConfig.SECTION);
    int ranks = job.world().size();
    if (configuration.get(AttentionConfig.SECTION).mask() != MaskKind.CAUSAL) {
      throw configuration.source().error("attention.mask", "must be \"causal\" for bench scaling");
    }
    requireFewer(configuration, "attentionTokens", bench.attentionTokens(), ranks);
    requireFewer(configuration, "trainingTokens", bench.trainingTokens(), ranks);
    requireMore(configuration, "attentionTotal", bench.attentionTotal(), ranks);
    requireMore(configuration, "trainingTotal", bench.trainingTotal(), ranks);
    Map<Case, TrainingPlan> plans = new LinkedHashMap<>();
    for (int n : counts(ranks)) {
      for (int tokens : List.of(n * bench.trainingTokens(), bench.trainingTotal())) {
        Configuration one =
            Variants.of(
                Variants.of(configuration, Architecture.RING, 1, 1, n),
                tokens,
                configuration.get(MemoryConfig.SECTION));
        plans.put(new Case(n, tokens), TrainingPlan.of(one, n));
      }
    }
    return plans;
  }

  private static void requireFewer(
      Configuration configuration, String key, int tokensPerRank, int ranks) {
    if ((long) tokensPerRank * ranks > Integer.MAX_VALUE) {
      throw configuration
          .source()
          .error("benchScaling." + key, "must be below 2^31 / ranks (" + ranks + ")");
    }
  }

  private static void requireMore(Configuration configuration, String key, int total, int ranks) {
    if (total < 2L * ranks) {
      throw configuration
          .source()
          .error(
              "benchScaling." + key,
              "must be at least " + 2L * ranks + ", two tokens for each rank");
    }
  }

  /** Powers of two, and all. */
  private static List<Integer> counts(int ranks) {
    List<Integer> counts = new ArrayList<>();
    for (int n = 1; n < ranks; n *= 2) {
      counts.add(n);
    }
    counts.add(ranks);
    return counts;
  }

  private int run(Equipment equipment, RunOutput output) {
    int ranks = job.world().size();
    Device device = equipment.device();
    if (job.line().dryRun()) {
      plans.forEach(
          (one, plan) -> {
            output.log().line(one.name());
            MemoryLimits limits =
                MemoryLimits.of(job, device, plan.configuration().get(MemoryConfig.SECTION));
            PlanReport.print(plan.fitted(device, limits), device, output.log());
          });
      return ExitCode.VALID;
    }
    remarks(device, output);
    table.header().forEach(output.log()::row);
    AttentionScaling attention =
        new AttentionScaling(
            bench,
            configuration.get(AttentionConfig.SECTION).layout(),
            device,
            job.timer(),
            System::nanoTime);
    series(
        "attention",
        n -> n * bench.attentionTokens(),
        bench.attentionTotal(),
        one -> first(one, equipment, some -> attention(one, attention, some)),
        output);
    checks.add(Check.atMost("wrong, attention", wrong, 0, "wrong elements in all rows", Map.of()));
    series(
        "training",
        n -> n * bench.trainingTokens(),
        bench.trainingTotal(),
        one -> first(one, equipment, some -> training(one, some, output)),
        output);
    output.plot("scaling", table::plot);
    return output.finish(
        checks,
        "attention and training on " + counts(ranks) + " ranks",
        Double.NaN,
        Double.NaN,
        Map.of());
  }

  private void remarks(Device device, RunOutput output) {
    int ranks = job.world().size();
    output
        .log()
        .line(
            "ideal_ms: the same FLOPs at the rate of a rank in the first row of its kind;"
                + " efficiency: ideal_ms / time_ms");
    if (atOnce(ranks, device) < ranks) {
      output
          .log()
          .line(
              String.format(
                  Locale.ROOT,
                  "%d ranks share cores for %.4g: ideal_ms is that of so many (at_once)",
                  ranks,
                  atOnce(ranks, device)));
    }
    if (bench.rest() > 0) {
      output.log().line("devices rest " + bench.rest() + " s before each timed run of attention");
    }
  }

  /** Rows of both kinds, as they come. Collective. */
  private void series(
      String what,
      IntUnaryOperator weak,
      int total,
      Function<Case, Optional<ScalingTable.Work>> measure,
      RunOutput output) {
    Map<Case, Optional<ScalingTable.Work>> known = new HashMap<>();
    for (String scaling : List.of("weak", "strong")) {
      for (int n : counts(job.world().size())) {
        Case one = new Case(n, scaling.equals("weak") ? weak.applyAsInt(n) : total);
        if (!known.containsKey(one)) {
          known.put(one, measure.apply(one));
        }
        known
            .get(one)
            .ifPresent(
                work -> {
                  output.log().row(table.row(what, scaling, work));
                  output.write("scaling.csv", table.csv());
                });
      }
    }
  }

  /**
   * Work of the first ranks, while the others wait. Collective.
   *
   * @return empty on ranks that waited
   */
  private Optional<ScalingTable.Work> first(
      Case one, Equipment equipment, Function<Equipment, Optional<ScalingTable.Work>> work) {
    boolean member = job.world().rank() < one.ranks();
    Communicator group = job.world().split(member ? 0 : 1);
    Optional<ScalingTable.Work> done = Optional.empty();
    if (member) {
      try (Equipment some = equipment.on(group)) {
        done = work.apply(some);
      }
    } else {
      group.close();
    }
    job.world().barrier();
    return done;
  }

  private Optional<ScalingTable.Work> attention(
      Case one, AttentionScaling attention, Equipment some) {
    AttentionScaling.Pass pass = attention.measure(one.tokens(), some.world());
    wrong += pass.wrong();
    return Optional.of(work(one, pass.seconds(), pass.flops(), some.device()));
  }

  private Optional<ScalingTable.Work> training(Case one, Equipment some, RunOutput output) {
    Job group = job.on(some.world());
    Device device = some.device();
    TrainingPlan plan = plans.get(one);
    plan =
        plan.fitted(
            device, MemoryLimits.of(group, device, plan.configuration().get(MemoryConfig.SECTION)));
    output.log().line(one.name() + ": " + plan.memory().why());
    try (Samples samples = SharedInput.samples(group, plan.configuration())) {
      var measurement = new TrainingMeasurement(group, some, plan, samples);
      if (!plan.memory().fits() || !measurement.fits()) {
        output.log().line(RowChecks.missing(one.name(), plan, device));
        checks.add(RowChecks.room(one.name(), plan, device));
        return Optional.empty();
      }
      TrainingMeasurement.Steps steps = measurement.steps();
      int vocabulary = plan.setup().model().vocabulary();
      checks.add(RowChecks.loss(one.name(), steps.last().loss(), vocabulary));
      checks.add(steps.memory().check("memory, " + one.name()));
      double flops = plan.flops(steps.last().squares()).hardware();
      return Optional.of(work(one, steps.median(), flops, device));
    } catch (DivergedException e) {
      output.log().line(one.name() + ": no row: " + e.getMessage());
      checks.add(RowChecks.diverged(one.name(), plan.setup().model().vocabulary()));
      return Optional.empty();
    }
  }

  private ScalingTable.Work work(Case one, double seconds, double flops, Device device) {
    return new ScalingTable.Work(
        one.ranks(), atOnce(one.ranks(), device), one.tokens(), seconds, flops);
  }

  /** The first ranks that can compute at the same time: fewer where they share the host's cores. */
  private double atOnce(int ranks, Device device) {
    if (device.asynchronous()) {
      return ranks;
    }
    int cores = Runtime.getRuntime().availableProcessors();
    int here = job.launch().localSize();
    int threads = configuration.get(DeviceConfig.SECTION).threads(cores, here);
    return ranks * Math.min(1, cores / ((double) Math.min(ranks, here) * threads));
  }
}
