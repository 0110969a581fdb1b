package ringattention.bench.training;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.attention.AttentionScaling;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.model.Architecture;
import ringattention.model.AttentionConfig;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.run.DeviceConfig;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.shard.Mask;

/**
 * {@code bench scaling}: ring attention and training over the first 1, 2, 4, .. ranks and all, with
 * as many tokens on each rank (weak) and with one sequence for all (strong).
 */
public final class ScalingBench implements Benchmark {
  /** One sequence over some ranks; where weak and strong scaling meet it is measured once. */
  private record Case(int ranks, int tokens) {}

  private final Configuration configuration;
  private final BenchScalingConfig bench;
  private final List<Integer> counts = new ArrayList<>(); // of ranks: powers of two, and all
  private final Map<Case, TrainingRow> rows = new LinkedHashMap<>();
  private final ScalingTable table = new ScalingTable();
  private long wrong; // results of attention, on rank 0

  public ScalingBench(Configuration configuration, int ranks) {
    this.configuration = configuration;
    this.bench = configuration.get(BenchScalingConfig.SECTION);
    if (configuration.get(AttentionConfig.SECTION).mask() != Mask.CAUSAL) {
      throw configuration.source().error("attention.mask", "must be \"causal\" for bench scaling");
    }
    requireFewer("attentionTokens", bench.attentionTokens(), ranks);
    requireFewer("trainingTokens", bench.trainingTokens(), ranks);
    requireMore("attentionTotal", bench.attentionTotal(), ranks);
    requireMore("trainingTotal", bench.trainingTotal(), ranks);
    for (int n = 1; n < ranks; n *= 2) {
      counts.add(n);
    }
    counts.add(ranks);
    for (int n : counts) {
      for (int tokens : List.of(n * bench.trainingTokens(), bench.trainingTotal())) {
        Configuration one =
            Variants.of(
                Variants.of(configuration, Architecture.RING, 1, 1, n),
                tokens,
                configuration.get(MemoryConfig.SECTION));
        String name = tokens + " tokens, " + n + (n == 1 ? " rank" : " ranks");
        rows.put(new Case(n, tokens), new TrainingRow(name, TrainingPlan.of(one, n)));
      }
    }
  }

  private void requireFewer(String key, int tokensPerRank, int ranks) {
    if ((long) tokensPerRank * ranks > Integer.MAX_VALUE) {
      throw configuration
          .source()
          .error("benchScaling." + key, "must be below 2^31 / ranks (" + ranks + ")");
    }
  }

  private void requireMore(String key, int total, int ranks) {
    if (total < 2L * ranks) {
      throw configuration
          .source()
          .error(
              "benchScaling." + key,
              "must be at least " + 2L * ranks + ", two tokens for each rank");
    }
  }

  @Override
  public List<TrainingRow> rows() {
    return List.copyOf(rows.values());
  }

  @Override
  public int measure(BenchRun run) {
    remarks(run);
    run.header(table.table(), "scaling.csv");
    AttentionScaling attention =
        new AttentionScaling(
            bench,
            configuration.get(AttentionConfig.SECTION).layout(),
            run.device(),
            run.job().timer(),
            System::nanoTime);
    series(
        run,
        "attention",
        n -> n * bench.attentionTokens(),
        bench.attentionTotal(),
        one -> first(one, run, some -> attention(one, attention, some)));
    run.wrong("wrong, attention", "wrong elements in all rows", wrong);
    series(
        run,
        "training",
        n -> n * bench.trainingTokens(),
        bench.trainingTotal(),
        one -> first(one, run, some -> training(one, some)));
    run.output().plot("scaling", table::plot);
    return run.finish("attention and training on " + counts + " ranks", Map.of());
  }

  private void remarks(BenchRun run) {
    int ranks = run.ranks();
    run.say(
        "ideal_ms: the same FLOPs at the rate of a rank in the first row of its kind;"
            + " efficiency: ideal_ms / time_ms");
    double atOnce = atOnce(ranks, run.job(), run.device());
    if (atOnce < ranks) {
      run.say(
          String.format(
              Locale.ROOT,
              "%d ranks share cores for %.4g: ideal_ms is that of so many (at_once)",
              ranks,
              atOnce));
    }
    if (bench.rest() > 0) {
      run.say("devices rest " + bench.rest() + " s before each timed run of attention");
    }
  }

  /** Rows of both kinds, as they come. */
  private void series(
      BenchRun run,
      String what,
      IntUnaryOperator weak,
      int total,
      Function<Case, Optional<ScalingTable.Work>> measure) {
    Map<Case, Optional<ScalingTable.Work>> known = new HashMap<>();
    for (String scaling : List.of("weak", "strong")) {
      for (int n : counts) {
        Case one = new Case(n, scaling.equals("weak") ? weak.applyAsInt(n) : total);
        if (!known.containsKey(one)) {
          known.put(one, measure.apply(one));
        }
        known
            .get(one)
            .ifPresent(
                work -> run.row(table.table(), "scaling.csv", table.row(what, scaling, work)));
      }
    }
  }

  /**
   * Work of the first ranks, while the others wait.
   *
   * @return empty on ranks that waited
   */
  private Optional<ScalingTable.Work> first(
      Case one, BenchRun run, Function<BenchRun, Optional<ScalingTable.Work>> work) {
    Communicator world = run.job().world();
    boolean member = world.rank() < one.ranks();
    Communicator group = world.split(member ? 0 : 1);
    Optional<ScalingTable.Work> done = Optional.empty();
    if (member) {
      try (Equipment some = run.equipment().on(group)) {
        done = work.apply(run.on(some));
      }
    } else {
      group.close();
    }
    world.barrier();
    return done;
  }

  private Optional<ScalingTable.Work> attention(
      Case one, AttentionScaling attention, BenchRun some) {
    AttentionScaling.Pass pass = attention.measure(one.tokens(), some.equipment().world());
    wrong += pass.wrong();
    return Optional.of(work(one, pass.seconds(), pass.flops(), some));
  }

  private Optional<ScalingTable.Work> training(Case one, BenchRun some) {
    TrainingRow row = rows.get(one).fitted(some);
    return row.measure(some, TrainingMeasurement::steps)
        .map(
            steps -> {
              double flops = row.plan().flops(steps.last().squares()).hardware();
              return work(one, steps.median(), flops, some);
            });
  }

  private ScalingTable.Work work(Case one, double seconds, double flops, BenchRun some) {
    double atOnce = atOnce(one.ranks(), some.job(), some.device());
    return new ScalingTable.Work(one.ranks(), atOnce, one.tokens(), seconds, flops);
  }

  /** The first ranks that can compute at the same time: fewer where they share the host's cores. */
  private double atOnce(int ranks, Job job, Device device) {
    if (device.asynchronous()) {
      return ranks;
    }
    int cores = Runtime.getRuntime().availableProcessors();
    int here = job.launch().localSize();
    int threads = configuration.get(DeviceConfig.SECTION).threads(cores, here);
    return ranks * Math.min(1, cores / ((double) Math.min(ranks, here) * threads));
  }
}
