package ringattention.input;

/**
 * Everything a run is told, checked. Sections {@code [model]}, {@code [train]} and {@code [data]}
 * have required keys, so they are absent if the input gives none of their keys; a command that asks
 * for an absent one gets the {@link InputException} that names the first key it misses.
 *
 * @param source names the input in errors, and holds the values used
 */
public record Configuration(
    ModelConfig model,
    AttentionConfig attention,
    FeedForwardConfig feedForward,
    LossHeadConfig lossHead,
    ParallelConfig parallel,
    MemoryConfig memory,
    TrainConfig train,
    DataConfig data,
    ValidationConfig validation,
    CheckpointConfig checkpoint,
    DeviceConfig device,
    ValidateConfig validate,
    BenchAttentionConfig benchAttention,
    BenchKernelsConfig benchKernels,
    BenchRingConfig benchRing,
    BenchTrainingConfig benchTraining,
    BenchContextConfig benchContext,
    BenchMfuConfig benchMfu,
    BenchOverlapConfig benchOverlap,
    BenchMemoryConfig benchMemory,
    BenchScalingConfig benchScaling,
    TimeoutConfig timeout,
    FaultConfig fault,
    OutputConfig output,
    Source source) {
  public Configuration {
    if (attention.kind() != AttentionKind.RING && parallel.ring() > 1) {
      throw source.error(
          "parallel.ring", "must be 1 with attention.kind = " + Toml.write(attention.kind()));
    }
    if (attention.kind() == AttentionKind.VANILLA && memory.saved() == SavedKind.INPUTS_ATTENTION) {
      throw source.error(
          "memory.saved",
          "must be \"inputs\" or \"auto\" with vanilla attention, whose backward needs its scores");
    }
    if (data != null
        && train != null
        && data.firstPosition() > Integer.MAX_VALUE - train.sequence()) {
      throw source.error(
          "data.firstPosition",
          "must be at most 2^31 - 1 less the tokens of a sequence (" + train.sequence() + ")");
    }
    if (device.kind() == DeviceKind.CPU || device.kind() == DeviceKind.REFERENCE) {
      requireHostTransport(parallel, source, "device.kind = " + Toml.write(device.kind()));
    }
  }

  /**
   * @param why there is no GPU
   * @throws InputException if the input asks for a transport between GPUs
   */
  public void requireHostTransport(String why) {
    requireHostTransport(parallel, source, why);
  }

  private static void requireHostTransport(ParallelConfig parallel, Source source, String why) {
    if (parallel.transport() != TransportKind.AUTO) {
      throw source.error("parallel.transport", "is for GPUs only: " + why);
    }
    if (parallel.gradients() == GradientWire.BF16) {
      throw source.error("parallel.gradients", "is for GPUs only: " + why);
    }
  }

  /** The same for sequences of another length, and with other room. */
  public Configuration with(int tokens, MemoryConfig room) {
    return with(model, attention, feedForward, parallel, train().withSequence(tokens), room);
  }

  /** The same for another model. */
  public Configuration with(ModelConfig other) {
    return with(other, attention, feedForward, parallel, train, memory);
  }

  /**
   * The same run in one of the paper's architectures, every rank with as many tokens of a batch: a
   * ring of all ranks takes one sequence, any other architecture one sequence on each rank.
   *
   * @param sequences of a ring, or of a rank, in a batch, taken one after the other
   */
  public Configuration with(
      Architecture architecture, int tokensPerRank, int sequences, int ranks) {
    boolean ring = architecture == Architecture.RING;
    return with(
        model,
        new AttentionConfig(architecture.attention(), attention.mask(), attention.layout()),
        new FeedForwardConfig(architecture.feedForward(), feedForward.block()),
        new ParallelConfig(ring ? ranks : 1, parallel.transport(), parallel.gradients()),
        train()
            .withSequence(ring ? sequence(ranks, tokensPerRank) : tokensPerRank)
            .withBatch(ring ? sequences : sequences * ranks, 1),
        memory);
  }

  /** The same with a feed-forward in blocks of so many tokens, where it is blockwise. */
  public Configuration withFeedForwardBlock(int tokens) {
    FeedForwardConfig blocks = new FeedForwardConfig(feedForward.kind(), tokens);
    return with(model, attention, blocks, parallel, train, memory);
  }

  /** The same with rings of so many ranks, each with one sequence of as many tokens a rank. */
  public Configuration withRings(int ring, int tokensPerRank, int ranks) {
    ParallelConfig rings = new ParallelConfig(ring, parallel.transport(), parallel.gradients());
    TrainConfig sequences =
        train().withSequence(sequence(ring, tokensPerRank)).withBatch(ranks / ring, 1);
    return with(model, attention, feedForward, rings, sequences, memory);
  }

  /** Tokens of a sequence that a ring shares. */
  private int sequence(int ring, int tokensPerRank) {
    long tokens = (long) ring * tokensPerRank;
    if (tokens > Integer.MAX_VALUE) {
      throw source.error(
          "train.sequence",
          tokens,
          "must be below 2^31, here " + tokensPerRank + " tokens on each of " + ring + " ranks");
    }
    return (int) tokens;
  }

  /** The same with {@code validation.path} in place of {@code data.path}, also in errors. */
  public Configuration ofValidation() {
    return with(
        model,
        attention,
        feedForward,
        parallel,
        train,
        data().withPath(validation.path().orElseThrow()),
        memory,
        source.naming("data.path", "validation.path"));
  }

  private Configuration with(
      ModelConfig model,
      AttentionConfig attention,
      FeedForwardConfig feedForward,
      ParallelConfig parallel,
      TrainConfig train,
      MemoryConfig memory) {
    return with(model, attention, feedForward, parallel, train, data, memory, source);
  }

  private Configuration with(
      ModelConfig model,
      AttentionConfig attention,
      FeedForwardConfig feedForward,
      ParallelConfig parallel,
      TrainConfig train,
      DataConfig data,
      MemoryConfig memory,
      Source source) {
    return new Configuration(
        model,
        attention,
        feedForward,
        lossHead,
        parallel,
        memory,
        train,
        data,
        validation,
        checkpoint,
        device,
        validate,
        benchAttention,
        benchKernels,
        benchRing,
        benchTraining,
        benchContext,
        benchMfu,
        benchOverlap,
        benchMemory,
        benchScaling,
        timeout,
        fault,
        output,
        source);
  }

  /** Never null. */
  @Override
  public ModelConfig model() {
    return require(model, "model", "hidden");
  }

  /** Whether the input has a section {@code [model]}. */
  public boolean hasModel() {
    return model != null;
  }

  /** Never null. */
  @Override
  public TrainConfig train() {
    return require(train, "train", "sequence");
  }

  /** Whether the input has a section {@code [data]}. */
  public boolean hasData() {
    return data != null;
  }

  /** Never null. */
  @Override
  public DataConfig data() {
    return require(data, "data", "path");
  }

  private <T> T require(T section, String name, String firstKey) {
    if (section == null) {
      throw source.missing(name + "." + firstKey, "this command needs section [" + name + "]");
    }
    return section;
  }

  /**
   * How many of these ranks share a sequence, after checking what depends on their number. Sequence
   * and batch are checked if there is a section {@code [train]}.
   *
   * @throws InputException if the ring does not divide the ranks, a rank would hold fewer than two
   *     tokens, the batch does not divide among the rings, or the rank that is to throw does not
   *     exist
   */
  public int ringSize(int ranks) {
    int whole = attention.kind() == AttentionKind.RING ? ranks : 1;
    int ring = parallel.ring() == 0 ? whole : parallel.ring();
    if (ranks % ring != 0) {
      throw source.error("parallel.ring", "must divide the number of ranks (" + ranks + ")");
    }
    int rings = ranks / ring;
    if (train != null && train.sequence() < 2L * ring) {
      throw source.error(
          "train.sequence",
          "must be at least " + 2L * ring + ", two tokens for each rank of a ring");
    }
    if (train != null && train.batch() % rings != 0) {
      throw source.error(
          "train.batch",
          "must be a multiple of the number of rings ("
              + ranks
              + " ranks / "
              + ring
              + " = "
              + rings
              + ")");
    }
    if (train != null
        && train.microBatch() > 0
        && train.batch() / rings % train.microBatch() != 0) {
      throw source.error(
          "train.microBatch",
          "must divide a ring's share of the batch (" + train.batch() / rings + ")");
    }
    if (fault.rank() >= ranks) {
      throw source.error("fault.rank", "must be below the number of ranks (" + ranks + ")");
    }
    return ring;
  }
}
