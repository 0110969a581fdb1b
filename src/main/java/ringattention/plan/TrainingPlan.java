package ringattention.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.data.DataConfig;
import ringattention.data.ValidationConfig;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.MemoryPlan;
import ringattention.input.Configuration;
import ringattention.metrics.Mfu;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.StepFlops;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionConfig;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardConfig;
import ringattention.model.LossHeadConfig;
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
import ringattention.run.SavedKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
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
   * @throws ringattention.input.InputException if the input does not suit this many ranks, or does
   *     not say how many steps there are
   */
  public static TrainingPlan of(Configuration configuration, int ranks) {
    configuration.get(TrainConfig.SECTION).requireSteps(configuration.source());
    return withoutSteps(configuration, ranks);
  }

  private static TrainingPlan withoutSteps(Configuration configuration, int ranks) {
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    ModelConfig model =
        configuration.get(ModelConfig.SECTION).forLength(RunRules.positions(configuration));
    Mesh mesh = MeshRules.mesh(configuration, ranks);
    int share = train.batch() / mesh.data(); // sequences of a ring
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
            mesh,
            train.sequence(),
            batch,
            share / batch,
            packed(configuration),
            configuration.get(ParallelConfig.SECTION).gradients() == GradientWire.BF16,
            ActivationPolicy.inputs(model.layers()),
            false);
    if (configuration.get(ValidationConfig.SECTION).isOn()) {
      RunRules.requireCausal(configuration, "validation");
      setup = setup.withLabelLosses();
    }
    if (CurriculumConfig.countsAnswers(configuration)) {
      RunRules.requireCausal(configuration, "exact answers (train.exactRate, curriculum.gate)");
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
    TrainingPlan training = withoutSteps(configuration, ranks);
    RunRules.requireCausal(configuration, "evaluate");
    ModelSetup setup = training.setup.withLabelLosses();
    ActivationPolicy policy = ActivationPolicy.forwardOnly(setup.model().layers(), 1);
    return new TrainingPlan(configuration, setup.with(policy), null);
  }

  /**
   * Attention can take the heads of each key/value head alone, or of as many as there are ranks
   * that exchange them; the vanilla baseline cannot.
   */
  private static int headsToGroup(Configuration configuration) {
    ParallelConfig parallel = configuration.get(ParallelConfig.SECTION);
    return configuration.get(AttentionConfig.SECTION).kind() == AttentionKind.VANILLA
        ? 1
        : configuration.get(ModelConfig.SECTION).heads().keyValue()
            / parallel.parts(parallel.headsOrNone())
            / parallel.tensor();
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
    List<Integer> ranks = limits.hard() ? needs().neediest() : List.of(needs().fullestRank());
    Map<List<Integer>, Long> workspaces = new HashMap<>(); // by rank and groups: they decide calls
    Function<ActivationPolicy, MemoryPlan> needs =
        policy ->
            with(policy)
                .needs()
                .most(
                    ranks,
                    device,
                    rank ->
                        workspaces.computeIfAbsent(
                            List.of(rank, policy.headGroups()),
                            call -> with(policy).needs().workspaceBytes(rank, device)));
    int layers = setup.model().layers();
    int heads = headsToGroup(configuration);
    PolicyChoice choice =
        setup.policy().forwardOnly()
            ? PolicyChoice.forwardOnly(config, layers, heads, limits, needs)
            : PolicyChoice.of(savable(config), layers, heads, limits, needs)
                .filled(savable(config), limits, needs, device.largestTensorBytes());
    TrainingPlan fitted = new TrainingPlan(configuration, setup.with(choice.policy()), choice);
    if (device.largestTensorBytes() < Long.MAX_VALUE) {
      fitted.requireSmallBuffers(device);
    }
    return fitted;
  }

  private void requireSmallBuffers(DeviceTraits device) {
    for (MemoryPlan.Buffer buffer : needs().buffers(needs().fullestRank(), device).buffers()) {
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
    return setup.attention() == AttentionKind.VANILLA ? config.withSaved(SavedKind.INPUTS) : config;
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

  /** Returns what ranks need of memory. */
  public RankMemory needs() {
    boolean checkpoints = configuration.get(CheckpointConfig.SECTION).writes();
    return new RankMemory(setup, checkpoints);
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

  /**
   * Returns the operations of one step over all ranks, with causal attention.
   *
   * @param squares sum of the squared lengths of all documents
   */
  public StepFlops flops(double squares) {
    return setup
        .model()
        .flops()
        .step(
            configuration.get(TrainConfig.SECTION).batch(),
            setup.sequence(),
            squares,
            setup.recompute());
  }

  /** Returns them as the devices execute them; NaN where attention is not causal. */
  public double hardwareFlops(double squares) {
    return setup.mask() == Mask.CAUSAL ? flops(squares).hardware() : Double.NaN;
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
    return Optional.of(flops(squares).mfu(seconds, setup.mesh().world(), peak.getAsDouble()));
  }

  /** This rank's part of the model in such an arena; its weights are undefined. Collective. */
  public Replica replica(Equipment equipment, Device device, Arena arena, PhaseTimer timer) {
    return new Replica(
        setup, equipment.world(), equipment.collectives(device), device, arena, timer);
  }

  public WorkBalance balance() {
    SequenceLayout layout = setup.ringLayout();
    List<Long> pairs = new ArrayList<>();
    for (int rank = 0; rank < layout.ranks(); rank++) {
      pairs.add(layout.visiblePairs(rank, setup.mask()));
    }
    return new WorkBalance(pairs);
  }
}
