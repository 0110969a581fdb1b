package ringattention.plan;

import static ringattention.device.Allocator.Purpose.OFFLOADED;
import static ringattention.device.Allocator.Purpose.WORKSPACE;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ringattention.attention.AttentionShape;
import ringattention.attention.RingSchedule;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointWriter;
import ringattention.data.DataConfig;
import ringattention.data.ValidationConfig;
import ringattention.device.Arena;
import ringattention.device.AttentionCall;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.input.Configuration;
import ringattention.metrics.Mfu;
import ringattention.metrics.ModelFlops;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.StepFlops;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionConfig;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardConfig;
import ringattention.model.LlamaParameters;
import ringattention.model.LossHeadConfig;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.report.Units;
import ringattention.report.WorkBalance;
import ringattention.run.Equipment;
import ringattention.run.GradientWire;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.ParallelConfig;
import ringattention.shard.Decomposition;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * What a training run will be, decided before anything is allocated.
 *
 * @param memory how activations are kept and why; null before {@link #fitted}
 */
public record TrainingPlan(Configuration configuration, ModelSetup setup, PolicyChoice memory) {
  /**
   * The plan without what depends on the devices.
   *
   * @throws ringattention.input.InputException if the input does not suit this many ranks
   */
  public static TrainingPlan of(Configuration configuration, int ranks) {
    ModelConfig model = configuration.get(ModelConfig.SECTION);
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    Decomposition decomposition = new Decomposition(ranks, RunRules.ringSize(configuration, ranks));
    int share = train.batch() / decomposition.replicas(); // sequences of a ring
    int batch = train.microBatch() == 0 ? share : train.microBatch();
    int groups = configuration.get(MemoryConfig.SECTION).headGroups();
    if (groups > 0 && headsToGroup(configuration) % groups != 0) {
      throw configuration
          .source()
          .error(
              "memory.headGroups",
              "must divide " + headsToGroup(configuration) + ", the groups there can be");
    }
    ModelSetup setup =
        new ModelSetup(
            model,
            configuration.get(AttentionConfig.SECTION).kind(),
            configuration.get(AttentionConfig.SECTION).mask(),
            configuration.get(AttentionConfig.SECTION).layout(),
            configuration.get(FeedForwardConfig.SECTION).kind(),
            configuration.get(FeedForwardConfig.SECTION).block(),
            configuration.get(LossHeadConfig.SECTION).block(),
            decomposition,
            train.sequence(),
            batch,
            share / batch,
            packed(configuration),
            configuration.get(ParallelConfig.SECTION).gradients() == GradientWire.BF16,
            ActivationPolicy.inputs(model.layers()));
    if (configuration.get(ValidationConfig.SECTION).isOn()) {
      requireCausal(configuration, "validation");
      setup = setup.withLabelLosses();
    }
    return new TrainingPlan(configuration, setup, null);
  }

  /**
   * As {@link #of}, of a run that evaluates: there is no backward, and nothing that only one needs.
   *
   * @throws ringattention.input.InputException if a prediction would see what it is to predict
   */
  public static TrainingPlan ofEvaluation(Configuration configuration, int ranks) {
    TrainingPlan training = of(configuration, ranks);
    requireCausal(configuration, "evaluate");
    ModelSetup setup = training.setup.withLabelLosses();
    ActivationPolicy policy = ActivationPolicy.forwardOnly(setup.model().layers(), 1);
    return new TrainingPlan(configuration, setup.with(policy), null);
  }

  private static void requireCausal(Configuration configuration, String why) {
    if (configuration.get(AttentionConfig.SECTION).mask() != Mask.CAUSAL) {
      throw configuration
          .source()
          .error("attention.mask", "must be \"causal\" for " + why + ", or labels are seen");
    }
  }

  /** Attention can take the heads of each key/value head alone, but for the vanilla baseline. */
  private static int headsToGroup(Configuration configuration) {
    return configuration.get(AttentionConfig.SECTION).kind() == AttentionKind.VANILLA
        ? 1
        : configuration.get(ModelConfig.SECTION).heads().keyValue();
  }

  /**
   * This plan with the fastest activation policy that has room on such devices.
   *
   * @throws ringattention.input.InputException if a buffer is more than the device's kernels take
   */
  public TrainingPlan fitted(DeviceTraits device, MemoryLimits limits) {
    return fitted(device, limits, configuration.get(MemoryConfig.SECTION));
  }

  /**
   * Fits like {@link #fitted(DeviceTraits, MemoryLimits)}, with the head groups of the run that
   * this one goes on from, if the input leaves them open and they have room: others change the last
   * bits.
   *
   * @param before head groups; 0: none to keep
   */
  public TrainingPlan fitted(DeviceTraits device, MemoryLimits limits, int before) {
    MemoryConfig memory = configuration.get(MemoryConfig.SECTION);
    if (memory.headGroups() == 0 && before > 0 && headsToGroup(configuration) % before == 0) {
      TrainingPlan same = fitted(device, limits, memory.withHeadGroups(before));
      if (same.memory.fits()) {
        return same;
      }
    }
    return fitted(device, limits);
  }

  private TrainingPlan fitted(DeviceTraits device, MemoryLimits limits, MemoryConfig config) {
    List<Integer> ranks = limits.hard() ? neediest() : List.of(fullestRank());
    Map<List<Integer>, Long> workspaces = new HashMap<>(); // by rank and groups: they decide calls
    Function<ActivationPolicy, MemoryPlan> needs =
        policy ->
            with(policy)
                .most(
                    ranks,
                    device,
                    rank ->
                        workspaces.computeIfAbsent(
                            List.of(rank, policy.headGroups()),
                            call -> with(policy).workspaceBytes(rank, device)));
    int layers = setup.model().layers();
    int heads = headsToGroup(configuration);
    PolicyChoice choice =
        setup.policy().forwardOnly()
            ? PolicyChoice.forwardOnly(config, layers, heads, limits, needs)
            : PolicyChoice.of(savable(config), layers, heads, limits, needs);
    TrainingPlan fitted = new TrainingPlan(configuration, setup.with(choice.policy()), choice);
    if (device.largestTensorBytes() < Long.MAX_VALUE) {
      fitted.requireSmallBuffers(device);
    }
    return fitted;
  }

  private void requireSmallBuffers(DeviceTraits device) {
    for (MemoryPlan.Buffer buffer : buffers(fullestRank(), device).buffers()) {
      if (buffer.bytes() > device.largestTensorBytes()) {
        throw configuration
            .source()
            .error(
                "device.kind",
                "takes tensors of up to "
                    + Units.bytes(device.largestTensorBytes())
                    + ", and "
                    + buffer.name()
                    + " has "
                    + Units.bytes(buffer.bytes()));
      }
    }
  }

  /** What may be saved: the backward of vanilla attention needs its scores, so never its output. */
  private MemoryConfig savable(MemoryConfig config) {
    return setup.attention() == AttentionKind.VANILLA ? config.withInputsOnly() : config;
  }

  private TrainingPlan with(ActivationPolicy policy) {
    return new TrainingPlan(configuration, setup.with(policy), memory);
  }

  /**
   * @throws ringattention.input.InputException if no policy has room
   */
  public void requireRoom() {
    if (!memory.fits()) {
      throw configuration
          .source()
          .error(
              "train.sequence",
              "does not fit, even with "
                  + memory.why()
                  + "; use shorter sequences, a smaller model or more ranks, on more hosts where they"
                  + " share memory");
    }
  }

  /** Returns the plan of the rank that needs most. */
  public MemoryPlan most(DeviceTraits device) {
    return most(neediest(), device, rank -> workspaceBytes(rank, device));
  }

  private MemoryPlan most(
      List<Integer> ranks, DeviceTraits device, IntToLongFunction workspaceBytes) {
    return ranks.stream()
        .map(rank -> memory(rank, device, workspaceBytes.applyAsLong(rank)))
        .max(Comparator.comparingLong(MemoryPlan::bytes))
        .orElseThrow();
  }

  /** Every buffer of a rank on such a device, the device's own workspace included. */
  public MemoryPlan memory(int rank, DeviceTraits device) {
    return memory(rank, device, workspaceBytes(rank, device));
  }

  private MemoryPlan memory(int rank, DeviceTraits device, long workspaceBytes) {
    MemoryPlan plan = new MemoryPlan();
    Dim words = new Dim("words", workspaceBytes / DType.F32.bytes());
    plan.allocate("device.workspace", WORKSPACE, DType.F32, words);
    ModelBuffers.allocate(plan, setup, rank, device.compute(), device.sum());
    if (configuration.get(CheckpointConfig.SECTION).writes() && !setup.policy().forwardOnly()) {
      long bytes =
          CheckpointWriter.hostBytes(
              LlamaParameters.groups(setup.model()),
              rank,
              setup.decomposition().world(),
              device.sum());
      plan.allocate("checkpoint.copy", OFFLOADED, DType.F32, new Dim("words", bytes / 4));
    }
    return plan;
  }

  /** Returns {@link #memory} without the device's own workspace and what checkpoints need. */
  MemoryPlan buffers(int rank, DeviceTraits device) {
    MemoryPlan plan = new MemoryPlan();
    ModelBuffers.allocate(plan, setup, rank, device.compute(), device.sum());
    return plan;
  }

  /** The three largest buffers of {@link #memory} in words. */
  private String largest(int rank, DeviceTraits device) {
    return memory(rank, device).buffers().stream()
        .sorted(Comparator.comparingLong(MemoryPlan.Buffer::bytes).reversed())
        .limit(3)
        .map(buffer -> buffer.name() + " " + Units.bytes(buffer.bytes()))
        .collect(Collectors.joining(", ", "largest buffers of the plan: ", ""));
  }

  private long workspaceBytes(int rank, DeviceTraits device) {
    AttentionShape shape = setup.attentionShape(rank);
    if (setup.attention() == AttentionKind.VANILLA) {
      return device.vanillaWorkspaceBytes(
          new BlockShape(shape.tokens(), shape.tokens(), shape.batch(), shape.heads()),
          setup.mask());
    }
    return device.workspaceBytes(attentionCalls(rank, device));
  }

  /** All that attention of a rank asks of its device; nothing of a vanilla one. */
  List<AttentionCall> attentionCalls(int rank, DeviceTraits device) {
    if (setup.attention() == AttentionKind.VANILLA) {
      return List.of();
    }
    int ringRank = setup.decomposition().ringRank(rank);
    AttentionShape shape = setup.attentionShape(rank);
    RingSchedule schedule = new RingSchedule(setup.layout(), setup.mask(), ringRank);
    return setup.packed() ? schedule.packedCalls(device, shape) : schedule.calls(device, shape);
  }

  /** Whether sequences are packed from documents; commands without text have none. */
  private static boolean packed(Configuration configuration) {
    return configuration.has(DataConfig.SECTION)
        && configuration.get(DataConfig.SECTION).documents();
  }

  /** What the blocks keep for the backward. */
  public String saved() {
    return setup.policy().savedText();
  }

  /** Where saved activations wait for the backward. */
  public String offload() {
    return setup.policy().offloadText();
  }

  /** Blocks whose attention the backward computes again. */
  private int attentionRecomputed() {
    return setup.model().layers() - setup.policy().savedAttention();
  }

  /**
   * Returns the operations of one step over all ranks, with causal attention.
   *
   * @param squares sum of the squared lengths of all documents
   */
  public StepFlops flops(double squares) {
    ModelConfig model = setup.model();
    ModelFlops flops =
        new ModelFlops(
            model.hidden(),
            model.layers(),
            model.heads().query(),
            model.heads().keyValue(),
            model.heads().size(),
            model.feedForward(),
            model.vocabulary());
    return flops.step(
        configuration.get(TrainConfig.SECTION).batch(),
        setup.sequence(),
        squares,
        attentionRecomputed());
  }

  /** Squared lengths of a batch whose sequences are one document each. */
  public double wholeSquares() {
    return (double) setup.sequence()
        * setup.sequence()
        * configuration.get(TrainConfig.SECTION).batch();
  }

  /**
   * Empty where no peak is known, or attention is not causal and not what {@link #flops} counts.
   */
  public Optional<Mfu> mfu(DeviceTraits device, double seconds, double squares) {
    OptionalDouble peak = device.peakFlops();
    if (peak.isEmpty() || setup.mask() != Mask.CAUSAL) {
      return Optional.empty();
    }
    return Optional.of(
        flops(squares).mfu(seconds, setup.decomposition().world(), peak.getAsDouble()));
  }

  /**
   * Allocates everything a step needs on the device, so that it allocates nothing itself.
   *
   * @throws OutOfMemoryError naming the largest buffers
   */
  public Arena arena(int rank, Device device) {
    try {
      device.reserveWorkspace(attentionCalls(rank, device));
      return new Arena(device, buffers(rank, device));
    } catch (OutOfMemoryError full) {
      throw new OutOfMemoryError(full.getMessage() + "; " + largest(rank, device));
    }
  }

  /** This rank's part of the model in such an arena; its weights are undefined. Collective. */
  public Replica replica(Equipment equipment, Device device, Arena arena, PhaseTimer timer) {
    return new Replica(
        setup, equipment.world(), equipment.collectives(device), device, arena, timer);
  }

  public WorkBalance balance() {
    SequenceLayout layout = setup.layout();
    List<Long> pairs = new ArrayList<>();
    for (int rank = 0; rank < layout.ranks(); rank++) {
      pairs.add(layout.visiblePairs(rank, setup.mask()));
    }
    return new WorkBalance(pairs);
  }

  /** The rank that holds most: the one the memory plan is printed for. */
  public int fullestRank() {
    SequenceLayout layout = setup.layout();
    int fullest = 0;
    for (int rank = 1; rank < layout.ranks(); rank++) {
      if (layout.size(rank) > layout.size(fullest)) {
        fullest = rank;
      }
    }
    return fullest;
  }

  /**
   * One of these needs most. Shards differ by a few tokens, so it is the fullest, or the last,
   * whose queries are most in one call.
   */
  private List<Integer> neediest() {
    return IntStream.of(fullestRank(), setup.decomposition().world() - 1)
        .distinct()
        .boxed()
        .toList();
  }
}
