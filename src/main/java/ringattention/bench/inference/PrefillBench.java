package ringattention.bench.inference;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.infer.CacheNeed;
import ringattention.infer.Engine;
import ringattention.infer.InferConfig;
import ringattention.infer.InferencePlan;
import ringattention.infer.RingEngine;
import ringattention.input.Configuration;
import ringattention.metrics.DecodeRates;
import ringattention.metrics.ModelFlops;
import ringattention.metrics.Statistics;
import ringattention.model.FeedForwardConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.PeakMemory;
import ringattention.report.BenchTable;
import ringattention.run.Equipment;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;

/**
 * {@code bench prefill}: prompts read around the ring, and steps of new tokens behind them, of a
 * model with random weights. Columns are derived in {@code docs/performance.md}.
 */
public final class PrefillBench implements Benchmark {
  private static final String PREFILL = "prefill.csv";
  private static final String STEPS = "steps.csv";

  /**
   * A prompt.
   *
   * @param flops of all ranks, the loss head left out
   * @param parts seconds that the parts would take at their own rates
   * @param wrong logits that are not finite, or not the same on all ranks
   */
  private record Prompt(
      int tokens,
      int ranks,
      double seconds,
      double flops,
      double parts,
      PartRates rates,
      long wrong) {}

  /** A step of so many rows behind so many tokens. */
  private record Step(
      int tokens, int ranks, int rows, int layers, double seconds, StepParts parts, long wrong) {}

  private final Configuration configuration;
  private final BenchPrefillConfig config;
  private final ModelConfig model;
  private final BenchTable<Prompt> prompts =
      new BenchTable<Prompt>()
          .column("tokens", "%9d", Prompt::tokens)
          .column("ranks", "%d", Prompt::ranks)
          .column("prefill_s", "s", "%.3f", Prompt::seconds)
          .column(
              "tflops_per_rank",
              "TFLOP/s",
              "%.2f",
              row -> row.flops() / row.seconds() / row.ranks() * 1e-12)
          .column("products", "TFLOP/s", "%.2f", row -> row.rates().products() * 1e-12)
          .column("attention", "TFLOP/s", "%.2f", row -> row.rates().attention() * 1e-12)
          .column("of_parts", "%.3f", row -> row.parts() / row.seconds())
          .column("wrong", "%d", Prompt::wrong);
  private final BenchTable<Step> steps =
      new BenchTable<Step>()
          .column("tokens", "%9d", Step::tokens)
          .column("ranks", "%d", Step::ranks)
          .column("rows", "%d", Step::rows)
          .column("step_ms", "ms", "%.3f", row -> row.seconds() * 1e3)
          .column("tokens_per_s", "1/s", "%.1f", row -> row.rows() / row.seconds())
          .column("attention_us", "us", "%.1f", row -> row.parts().attentionS() * 1e6)
          .column("exchange_us", "us", "%.1f", row -> row.parts().exchangeS() * 1e6)
          .column(
              "attention_share",
              "%.3f",
              row -> row.layers() * row.parts().attentionS() / row.seconds())
          .column("wrong", "%d", Step::wrong);
  private BenchRun run;
  private Repeats repeats;
  private RingEngine engine;
  private Equipment ring;

  public PrefillBench(Configuration configuration) {
    this.configuration = configuration;
    this.config = configuration.get(BenchPrefillConfig.SECTION);
    this.model = configuration.get(ModelConfig.SECTION);
  }

  @Override
  public void plan(BenchRun planned) {
    planned(planned).print(planned.device(), planned.output().log());
  }

  private InferencePlan planned(BenchRun planned) {
    int longest = Collections.max(config.tokens());
    int rows = config.rows().isEmpty() ? 1 : Collections.max(config.rows());
    CacheNeed need =
        new CacheNeed(longest, List.of(longest), Collections.nCopies(rows, 2 * config.steps() + 1));
    Device device = planned.device();
    MemoryLimits limits =
        MemoryLimits.of(planned.job(), device, configuration.get(MemoryConfig.SECTION));
    int ranks = planned.ranks();
    InferConfig given = configuration.get(InferConfig.SECTION);
    if (given.ranks() > 0 && given.ranks() < ranks) {
      throw configuration
          .source()
          .error("infer.ranks", "must be 0 or all ranks (" + ranks + "): those are measured");
    }
    Configuration all = configuration.with(InferConfig.SECTION, given.on(ranks));
    DecodeRates rates = DecodeRates.of(device.inHostMemory());
    return planned
        .job()
        .agree(() -> InferencePlan.of(all, ranks, rows, need, device, limits, rates));
  }

  @Override
  public int measure(BenchRun measured) {
    run = measured;
    Device device = run.device();
    InferencePlan plan = planned(run);
    run.say(plan.why());
    repeats = Repeats.of(1, 3, System::nanoTime, device);
    PeakMemory peak;
    try (Arena arena = plan.arena(run.job().world().rank(), device);
        Equipment of = plan.ring(run.job(), run.equipment());
        RingEngine made = plan.engine(of, device, arena, run.job().timer())) {
      engine = made;
      ring = of;
      engine.weights().initialize(1, model.initStd());
      run.header(prompts, PREFILL);
      for (int tokens : config.tokens()) {
        run.row(prompts, PREFILL, prompt(tokens, plan));
      }
      if (!config.rows().isEmpty()) {
        run.header(steps, STEPS);
        for (int tokens : config.tokens()) {
          for (int rows : config.rows()) {
            run.row(steps, STEPS, step(tokens, rows));
          }
        }
      }
      peak = PeakMemory.of(run.job(), plan.memory(run.job().world().rank(), device), device);
    }
    run.say("planned " + peak.worst().planned() + " bytes a rank, besides what the parts take");
    long wrong =
        prompts.rows().stream().mapToLong(Prompt::wrong).sum()
            + steps.rows().stream().mapToLong(Step::wrong).sum();
    run.wrong("wrong", "logits that are not finite, or not the same on all ranks", wrong);
    return run.finish(prompts.rows().size() + " prompts, " + run.ranks() + " ranks", Map.of());
  }

  private Communicator world() {
    return ring.world();
  }

  private Prompt prompt(int tokens, InferencePlan plan) {
    int[] text = new int[tokens];
    Arrays.setAll(text, i -> (int) ((i * 2654435761L >>> 7) % model.vocabulary()));
    double[] seconds = new double[config.repeats()];
    float[] logits = null;
    for (int i = -config.warmup(); i < config.repeats(); i++) {
      world().barrier();
      long start = System.nanoTime();
      try (Engine.Prefix prefix = engine.prefill(text)) {
        logits = prefix.logits();
      }
      if (i >= 0) {
        double own = (System.nanoTime() - start) * 1e-9;
        seconds[i] = Repeats.slowest(world(), own);
      }
    }
    int chunk = Math.min(plan.shape().chunk(), tokens) / world().size();
    int keys = Math.max(chunk, tokens / world().size() / 2);
    int block = Math.min(chunk, configuration.get(FeedForwardConfig.SECTION).block());
    PartRates rates = PartRates.measure(run.device(), world(), repeats, model, block, chunk, keys);
    ModelFlops flops = model.flops();
    double products = flops.blockProducts(tokens);
    double attention = model.layers() * flops.attention().forward((double) tokens * tokens);
    double parts = (products / rates.products() + attention / rates.attention()) / world().size();
    return new Prompt(
        tokens,
        world().size(),
        Statistics.of(seconds).median(),
        products + attention,
        parts,
        rates,
        wrong(logits));
  }

  private Step step(int tokens, int rows) {
    int[] next = IntStream.range(0, rows).map(i -> i % model.vocabulary()).toArray();
    double[] seconds = new double[config.steps()];
    float[][] logits = null;
    try (Engine.Prefix prefix = engine.filled(tokens)) {
      List<Engine.Sequence> sequences =
          IntStream.range(0, rows).mapToObj(i -> engine.begin(prefix, 2 * config.steps())).toList();
      for (int i = -config.steps(); i < config.steps(); i++) {
        long start = System.nanoTime();
        logits = engine.step(sequences, next);
        if (i >= 0) {
          seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
      }
      sequences.forEach(Engine.Sequence::close);
    }
    double slowest = Repeats.slowest(world(), Statistics.of(seconds).median());
    StepParts parts =
        StepParts.measure(
            run.device(),
            world(),
            ring.collectives(run.device()),
            repeats,
            model.heads(),
            Math.max(1, tokens / world().size()),
            rows);
    return new Step(tokens, world().size(), rows, model.layers(), slowest, parts, wrong(logits));
  }

  /** Returns how many logits are not finite, or are others on another rank. Collective. */
  private long wrong(float[]... logits) {
    long wrong = 0;
    double sum = 0;
    for (float[] row : logits) {
      for (int i = 0; i < row.length; i++) {
        wrong += Float.isFinite(row[i]) ? 0 : 1;
        sum += row[i] * (1.0 + i % 97);
      }
    }
    double most = world().allReduce(sum, Communicator.Operation.MAX);
    double least = world().allReduce(sum, Communicator.Operation.MIN);
    return wrong + (most == least ? 0 : 1);
  }
}
