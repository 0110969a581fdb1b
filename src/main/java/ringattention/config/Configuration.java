package ringattention.config;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** Everything an input says, defaults filled in. The model, the training run and the data are there only if the input has them. */
public final class Configuration {
  private final String origin;
  private final ObjectNode used;
  private final Optional<ModelConfig> model;
  private final Optional<TrainConfig> train;
  private final Optional<DataConfig> data;
  private final AttentionConfig attention;
  private final FeedForwardConfig feedForward;
  private final LossHeadConfig lossHead;
  private final ParallelConfig parallel;
  private final DeviceConfig device;
  private final ValidateConfig validate;
  private final BenchAttentionConfig benchAttention;
  private final BenchRingConfig benchRing;
  private final FaultConfig fault;
  private final OutputConfig output;

  Configuration(Inputs inputs) {
    this.origin = inputs.origin();
    this.model = inputs.optional("model", ModelConfig::read);
    this.attention = inputs.section("attention", AttentionConfig::read);
    this.feedForward = inputs.section("feedForward", FeedForwardConfig::read);
    this.lossHead = inputs.section("lossHead", LossHeadConfig::read);
    this.parallel =
        inputs.section("parallel", table -> ParallelConfig.read(table, attention.kind()));
    this.train = inputs.optional("train", TrainConfig::read);
    this.data = inputs.optional("data", DataConfig::read);
    this.device = inputs.section("device", DeviceConfig::read);
    this.validate = inputs.section("validate", ValidateConfig::read);
    this.benchAttention = inputs.section("benchAttention", BenchAttentionConfig::read);
    this.benchRing = inputs.section("benchRing", BenchRingConfig::read);
    this.fault = inputs.section("fault", FaultConfig::read);
    this.output = inputs.section("output", OutputConfig::read);
    inputs.finish();
    this.used = inputs.used();
  }

  /** @throws InputException if the input has no such section */
  public ModelConfig model() {
    return model.orElseThrow(() -> missing("model"));
  }

  /** @throws InputException if the input has no such section */
  public TrainConfig train() {
    return train.orElseThrow(() -> missing("train"));
  }

  /** @throws InputException if the input has no such section */
  public DataConfig data() {
    return data.orElseThrow(() -> missing("data"));
  }

  public AttentionConfig attention() {
    return attention;
  }

  public FeedForwardConfig feedForward() {
    return feedForward;
  }

  public LossHeadConfig lossHead() {
    return lossHead;
  }

  public DeviceConfig device() {
    return device;
  }

  public ValidateConfig validate() {
    return validate;
  }

  public BenchAttentionConfig benchAttention() {
    return benchAttention;
  }

  public BenchRingConfig benchRing() {
    return benchRing;
  }

  public FaultConfig fault() {
    return fault;
  }

  public OutputConfig output() {
    return output;
  }

  /** Where the input came from, as error messages name it. */
  public String origin() {
    return origin;
  }

  /**
   * How many of these ranks share a sequence.
   *
   * @throws InputException if ring, batch or sequence do not suit this many ranks
   */
  public int ring(int ranks) {
    boolean wholeSequences = attention.kind() != AttentionKind.RING;
    int ring = parallel.ring() > 0 ? parallel.ring() : wholeSequences ? 1 : ranks;
    if (ranks % ring != 0) {
      throw wrong("parallel.ring", ring, "must divide the number of ranks, " + ranks);
    }
    int rings = ranks / ring;
    if (train().batch() % rings != 0) {
      throw wrong(
          "train.batch",
          train().batch(),
          "must be a multiple of the number of rings, " + rings + " (" + ranks + " ranks in rings of " + ring + ")");
    }
    if (train().sequence() < 2L * ring) {
      throw wrong(
          "train.sequence", train().sequence(), "must be at least " + 2L * ring + " for a ring of " + ring + " ranks");
    }
    return ring;
  }

  /** The input with every default written out, as TOML that reads back to the same configuration. */
  public String toToml() {
    return TomlText.of(used);
  }

  /** What is wrong with a value that could be judged only after reading. */
  public InputException wrong(String key, Object value, String allowed) {
    return new InputException(origin + ": " + key + " = " + value + ": " + allowed);
  }

  private InputException missing(String section) {
    return new InputException(origin + ": section [" + section + "] is missing: this command needs it");
  }
}
