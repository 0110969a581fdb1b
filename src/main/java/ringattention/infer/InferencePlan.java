package ringattention.infer;

import static ringattention.device.Allocator.Purpose.WORKSPACE;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.input.Configuration;
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
 * activations of a chunk and of a step.
 *
 * @param mesh rings that each hold a cache, all doing the same
 * @param why one line: what was chosen, and what it has room for
 */
public record InferencePlan(Configuration configuration, Mesh mesh, EngineShape shape, String why) {
  /**
   * Returns the plan with as many slots as the requests need, or as have room.
   *
   * @param world ranks of the job
   * @param rows sequences that are decoded together
   * @throws ringattention.input.InputException if attention is not causal, or nothing fits
   */
  public static InferencePlan of(
      Configuration configuration,
      int world,
      int rows,
      CacheNeed need,
      DeviceTraits device,
      MemoryLimits limits) {
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
    InferConfig config = configuration.get(InferConfig.SECTION);
    if (config.ranks() > 0 && world % config.ranks() != 0) {
      throw configuration
          .source()
          .error("infer.ranks", "must divide the number of ranks (" + world + ")");
    }
    int ranks = config.ranks() > 0 ? config.ranks() : need.isShort() ? 1 : world;
    int chunk = Math.max(2 * ranks, Math.min(config.chunk(), need.longestPrompt()));
    EngineShape shape =
        new EngineShape(
            configuration.get(ModelConfig.SECTION),
            ranks,
            configuration.get(AttentionConfig.SECTION).layout(),
            configuration.get(FeedForwardConfig.SECTION).block(),
            1,
            rows,
            chunk,
            config.weights() != WeightsKind.SHARDED);
    int wanted = wanted(config, shape, need);
    Optional<EngineShape> fitted = fitted(shape, wanted, device, limits);
    boolean other = config.weights() == WeightsKind.AUTO && ranks > 1;
    if (other && fitted.map(EngineShape::slots).orElse(0) < wanted) {
      EngineShape sharded = shape.withWeights(false);
      int before = fitted.map(EngineShape::slots).orElse(0);
      Optional<EngineShape> more = fitted(sharded, wanted, device, limits);
      fitted = more.map(EngineShape::slots).orElse(0) > before ? more : fitted;
    }
    EngineShape smallest = other ? shape.withWeights(false) : shape;
    Mesh mesh = Mesh.of(world, ranks);
    InferencePlan least = new InferencePlan(configuration, mesh, fitted.orElse(smallest), "");
    if (fitted.isEmpty()) {
      throw configuration
          .source()
          .error(
              "infer.chunk",
              "does not fit: weights and one chunk of "
                  + chunk
                  + " tokens need "
                  + Units.bytes(least.most(device))
                  + " of "
                  + Units.bytes(limits.device())
                  + " on a rank");
    }
    return new InferencePlan(
        configuration, mesh, fitted.get(), least.text(device, limits, need, wanted));
  }

  private static int wanted(InferConfig config, EngineShape shape, CacheNeed need) {
    if (config.cache() > 0) {
      return (config.cache() - 1) / shape.ranks() + 1;
    }
    int most = Integer.MAX_VALUE / shape.ranks(); // tokens are counted in ints
    if (need.prompts().isEmpty()) {
      return most;
    }
    long slots = 0;
    for (int tokens : need.prompts()) {
      slots += shape.prefix(tokens).slots();
    }
    for (int tokens : need.further()) {
      slots += shape.tail().slots(tokens);
    }
    return (int) Math.min(most, slots);
  }

  /**
   * Returns the shape with so many slots, or with the most that fit; empty if not even one does.
   */
  private static Optional<EngineShape> fitted(
      EngineShape shape, int wanted, DeviceTraits device, MemoryLimits limits) {
    if (hold(shape.withSlots(wanted), device, limits)) {
      return Optional.of(shape.withSlots(wanted));
    }
    int fits = 0;
    int tooMany = wanted;
    while (tooMany - fits > 1) {
      int middle = fits + (tooMany - fits) / 2;
      if (hold(shape.withSlots(middle), device, limits)) {
        fits = middle;
      } else {
        tooMany = middle;
      }
    }
    return fits == 0 ? Optional.empty() : Optional.of(shape.withSlots(fits));
  }

  private static boolean hold(EngineShape shape, DeviceTraits device, MemoryLimits limits) {
    return ranks(shape).allMatch(rank -> limits.hold(memory(shape, rank, device)));
  }

  /** One of these needs most. */
  private static IntStream ranks(EngineShape shape) {
    return IntStream.of(0, shape.ranks() - 1).distinct();
  }

  private long most(DeviceTraits device) {
    return ranks(shape).mapToLong(rank -> memory(rank, device).bytes()).max().orElseThrow();
  }

  /** Returns every buffer of a rank on such a device, the device's own workspace included. */
  public MemoryPlan memory(int worldRank, DeviceTraits device) {
    return memory(shape, mesh.ringRank(worldRank), device);
  }

  private static MemoryPlan memory(EngineShape shape, int rank, DeviceTraits device) {
    MemoryPlan plan = buffers(shape, rank, device);
    ModelConfig model = shape.model();
    long bytes =
        device.workspaceBytes(shape.calls(rank, device))
            + device.decodeWorkspaceBytes(shape.rows(), model.heads());
    plan.allocate(
        "device.workspace", WORKSPACE, DType.F32, new Dim("words", bytes / DType.F32.bytes()));
    return plan;
  }

  private static MemoryPlan buffers(EngineShape shape, int rank, DeviceTraits device) {
    MemoryPlan plan = new MemoryPlan();
    EngineBuffers.allocate(plan, shape, rank, device.compute(), device.sum());
    return plan;
  }

  /** Returns the tokens of the longest prompt that fits, with one token of an answer. */
  public int longestPrompt() {
    return shape.longestPrompt();
  }

  private String text(DeviceTraits device, MemoryLimits limits, CacheNeed need, int wanted) {
    return String.format(
        Locale.ROOT,
        "rings of %d, weights %s, cache of %d tokens a rank%s, %d tokens of a prompt at a time, up to %d rows"
            + " a step: %s of %s; the longest prompt is %d tokens",
        shape.ranks(),
        shape.resident() ? "resident" : "sharded",
        shape.slots(),
        shape.slots() < wanted && !need.prompts().isEmpty()
            ? " (" + wanted + " would hold all at once)"
            : "",
        shape.chunk(),
        shape.rows(),
        Units.bytes(most(device)),
        limits.device() == Long.MAX_VALUE ? "what there is" : Units.bytes(limits.device()),
        longestPrompt());
  }

  /** Prints the choice and every buffer of the first rank. */
  public void print(DeviceTraits device, RunLog log) {
    log.section("Inference");
    log.line(why);
    log.section("Memory plan of rank 0");
    log.rows(PlanReport.memory(memory(0, device)).lines());
  }

  /** Allocates everything on the device, so that nothing is allocated while text is generated. */
  public Arena arena(int worldRank, Device device) {
    int rank = mesh.ringRank(worldRank);
    ModelConfig model = shape.model();
    device.reserveWorkspace(shape.calls(rank, device));
    device.reserveDecode(shape.rows(), model.heads());
    return new Arena(device, buffers(shape, rank, device));
  }

  /**
   * Returns this rank's ring: all ranks, or those that hold a cache together. Collective; the
   * caller closes it.
   */
  public Equipment ring(Job job, Equipment equipment) {
    int rank = job.world().rank();
    return equipment.on(job.world().split(mesh.dataRank(rank)));
  }

  /**
   * Returns the engine in such an arena; its weights are undefined. Collective.
   *
   * @param ring of this rank, see {@link #ring}
   */
  public RingEngine engine(Equipment ring, Device device, Arena arena, PhaseTimer timer) {
    return new RingEngine(shape, ring.world(), ring.collectives(device), device, arena, timer);
  }
}
