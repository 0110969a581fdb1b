package ringattention.infer;

import java.util.Locale;
import java.util.function.IntFunction;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.MemoryPlan;
import ringattention.input.Configuration;
import ringattention.metrics.DecodeRates;
import ringattention.metrics.PhaseTimer;
import ringattention.model.AttentionConfig;
import ringattention.model.FeedForwardConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.PlanReport;
import ringattention.report.RunLog;
import ringattention.report.Units;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryLimits;
import ringattention.run.ParallelConfig;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/**
 * What inference needs on every rank, decided before anything is allocated: weights, cache, the
 * activations of a chunk and of a step. The first ranks of the job hold the cache together and
 * answer; what others there are hold nothing and wait.
 *
 * @param world ranks of the job
 * @param why one line: what was chosen, and what it has room for
 * @param choice one line: why so many ranks
 */
public record InferencePlan(
    Configuration configuration, int world, EngineShape shape, String why, String choice) {
  /**
   * Returns the plan with as many slots as the requests need, or as have room.
   *
   * @param world ranks of the job
   * @param rows sequences that are decoded together
   * @param rates of such devices, by which it chooses how many ranks hold the cache
   * @throws ringattention.input.InputException if attention is not causal, or nothing fits
   */
  public static InferencePlan of(
      Configuration configuration,
      int world,
      int rows,
      CacheNeed need,
      DeviceTraits device,
      MemoryLimits limits,
      DecodeRates rates) {
    requireSupported(configuration, world);
    InferConfig config = configuration.get(InferConfig.SECTION);
    IntFunction<FittedShape> fit =
        ranks ->
            FittedShape.of(shape(configuration, ranks, rows, need), config, need, device, limits);
    CacheRanks.Choice choice =
        config.ranks() > 0
            ? new CacheRanks.Choice(config.ranks(), "infer.ranks")
            : need.isKnown()
                ? new CacheRanks(configuration.get(ModelConfig.SECTION), rows, need, device, rates)
                    .choose(world, ranks -> fit.apply(ranks).whole())
                : new CacheRanks.Choice(world, "requests are not known");
    FittedShape fitted = fit.apply(choice.ranks());
    EngineShape shape =
        fitted
            .shape()
            .orElseThrow(
                () ->
                    configuration
                        .source()
                        .error(
                            fitted.smallest().reads() ? "infer.chunk" : "infer.weights",
                            doesNotFit(fitted.smallest(), device, limits)));
    String text = text(shape, device, limits, need, fitted.wanted());
    String ranks =
        String.format(
            Locale.ROOT,
            "%d of %d ranks hold%s the cache: %s%s",
            choice.ranks(),
            world,
            choice.ranks() == 1 ? "s" : "",
            choice.why(),
            choice.ranks() == world ? "" : "; the others wait");
    return new InferencePlan(configuration, world, shape, text, ranks);
  }

  private static void requireSupported(Configuration configuration, int world) {
    if (configuration.get(AttentionConfig.SECTION).mask() != Mask.CAUSAL) {
      throw configuration
          .source()
          .error("attention.mask", "must be \"causal\": what is generated was not there to see");
    }
    if (configuration.get(ParallelConfig.SECTION).heads() > 1) {
      throw configuration
          .source()
          .error(
              "parallel.heads",
              "must be 1 to generate: ranks that share a cache exchange no heads");
    }
    if (configuration.get(ParallelConfig.SECTION).tensor() > 1) {
      throw configuration
          .source()
          .error(
              "parallel.tensor",
              "must be 1 to generate: ranks that share a cache do their own products");
    }
    if (configuration.get(InferConfig.SECTION).ranks() > world) {
      throw configuration
          .source()
          .error("infer.ranks", "must be at most the number of ranks (" + world + ")");
    }
  }

  private static EngineShape shape(
      Configuration configuration, int ranks, int rows, CacheNeed need) {
    InferConfig config = configuration.get(InferConfig.SECTION);
    return new EngineShape(
        configuration.get(ModelConfig.SECTION),
        ranks,
        configuration.get(AttentionConfig.SECTION).layout(),
        configuration.get(FeedForwardConfig.SECTION).block(),
        1,
        rows,
        need.longestPrompt() == 0
            ? 0
            : Math.max(2 * ranks, Math.min(config.chunk(), need.longestPrompt())),
        config.weights() != WeightsKind.SHARDED);
  }

  private static String doesNotFit(EngineShape shape, DeviceTraits device, MemoryLimits limits) {
    return "does not fit: weights and one "
        + (shape.reads()
            ? "chunk of " + shape.chunk() + " tokens"
            : "step of " + shape.rows() + " rows")
        + " need "
        + Units.bytes(EngineMemory.most(shape, device))
        + " of "
        + Units.bytes(limits.device())
        + " on a rank";
  }

  /** Returns whether a rank of the job holds a part of the cache, and answers. */
  public boolean answers(int worldRank) {
    return worldRank < shape.ranks();
  }

  /**
   * Returns every buffer of a rank on such a device, the device's own workspace included; nothing
   * for a rank that waits.
   */
  public MemoryPlan memory(int worldRank, DeviceTraits device) {
    return answers(worldRank) ? EngineMemory.of(shape, worldRank, device) : new MemoryPlan();
  }

  /** Returns the tokens of the longest prompt that fits, with one token of an answer. */
  public int longestPrompt() {
    return shape.longestPrompt();
  }

  private static String text(
      EngineShape shape, DeviceTraits device, MemoryLimits limits, CacheNeed need, int wanted) {
    return String.format(
        Locale.ROOT,
        "ring of %d, weights %s, cache of %d tokens a rank%s, %sup to %d rows a step: %s of %s%s",
        shape.ranks(),
        shape.resident() ? "resident" : "sharded",
        shape.slots(),
        shape.slots() < wanted && need.isKnown() ? " (" + wanted + " would hold all at once)" : "",
        shape.reads() ? shape.chunk() + " tokens of a prompt at a time, " : "",
        shape.rows(),
        Units.bytes(EngineMemory.most(shape, device)),
        limits.device() == Long.MAX_VALUE ? "what there is" : Units.bytes(limits.device()),
        shape.reads() ? "; the longest prompt is " + shape.longestPrompt() + " tokens" : "");
  }

  /** Prints the choice and every buffer of the first rank. */
  public void print(DeviceTraits device, RunLog log) {
    log.section("Inference");
    log.line(choice);
    log.line(why);
    log.section("Memory plan of rank 0");
    log.rows(PlanReport.memory(memory(0, device)).lines());
  }

  /** Returns how the ranks that answer share the work. */
  public Mesh mesh() {
    return Mesh.of(shape.ranks(), shape.ranks());
  }

  /**
   * Allocates everything on the device of a rank that answers, so that nothing is allocated while
   * text is generated.
   */
  public Arena arena(int rank, Device device) {
    ModelConfig model = shape.model();
    device.reserveWorkspace(shape.calls(rank, device));
    device.reserveDecode(shape.rows(), model.heads());
    return new Arena(device, EngineMemory.buffers(shape, rank, device));
  }

  /**
   * Returns the ranks that answer, or on a rank that waits that rank alone. Collective; the caller
   * closes it.
   */
  public Equipment ring(Job job, Equipment equipment) {
    int rank = job.world().rank();
    return equipment.on(job.world().split(answers(rank) ? 0 : rank));
  }

  /**
   * Returns the engine in such an arena; its weights are undefined. Collective over the ranks that
   * answer.
   *
   * @param ring of this rank, see {@link #ring}
   */
  public RingEngine engine(Equipment ring, Device device, Arena arena, PhaseTimer timer) {
    return new RingEngine(shape, ring.world(), ring.collectives(device), device, arena, timer);
  }

  /**
   * Returns sequences of trajectories in such an arena, like {@link #engine}.
   *
   * @param sequences side by side
   * @param most positions of each
   */
  public RingTrajectories trajectories(
      Equipment ring, Device device, Arena arena, PhaseTimer timer, int sequences, int most) {
    return new RingTrajectories(
        shape, ring.world(), ring.collectives(device), device, arena, timer, sequences, most);
  }
}
