package ringattention.plan;

import java.util.List;
import ringattention.data.DataConfig;
import ringattention.data.DataFormat;
import ringattention.data.ValidationConfig;
import ringattention.data.lines.LineLevels;
import ringattention.data.lines.LinesConfig;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.input.Configuration;
import ringattention.input.Source;
import ringattention.input.Toml;
import ringattention.model.AttentionConfig;
import ringattention.model.AttentionDetails;
import ringattention.model.AttentionKind;
import ringattention.model.InputKind;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.parallel.Parameter;
import ringattention.run.DeviceConfig;
import ringattention.run.DeviceKind;
import ringattention.run.MemoryConfig;
import ringattention.run.OffloadKind;
import ringattention.run.ParallelConfig;
import ringattention.run.SavedKind;
import ringattention.shard.Mask;

/** Which values of the sections of a run go together. */
public final class RunRules {
  private RunRules() {}

  /**
   * Checks what sections say together.
   *
   * @throws ringattention.input.InputException naming the first key that does not suit another
   */
  public static void check(Configuration configuration) {
    Source source = configuration.source();
    AttentionKind kind = configuration.get(AttentionConfig.SECTION).kind();
    ParallelConfig parallel = configuration.get(ParallelConfig.SECTION);
    MeshRules.check(configuration);
    checkSaved(configuration, "memory.saved", configuration.get(MemoryConfig.SECTION).saved());
    if (configuration.has(DataConfig.SECTION) && configuration.has(TrainConfig.SECTION)) {
      int sequence = configuration.get(TrainConfig.SECTION).sequence();
      if (configuration.get(DataConfig.SECTION).firstPosition() > Integer.MAX_VALUE - sequence) {
        throw source.error(
            "data.firstPosition",
            "must be at most 2^31 - 1 less the tokens of a sequence (" + sequence + ")");
      }
    }
    checkLines(configuration);
    checkInput(configuration);
    checkTrajectories(configuration);
    if (configuration.has(ModelConfig.SECTION) && configuration.has(TrainConfig.SECTION)) {
      checkNoDecay(configuration);
      checkWindow(configuration);
    }
    DeviceKind device = configuration.get(DeviceConfig.SECTION).kind();
    if (device == DeviceKind.CPU || device == DeviceKind.REFERENCE) {
      parallel.requireHostTransport(source, "device.kind = " + Toml.write(device));
    }
  }

  /**
   * Checks that blocks can keep this.
   *
   * @param key that says so
   * @throws ringattention.input.InputException naming the key
   */
  public static void checkSaved(Configuration configuration, String key, SavedKind saved) {
    Source source = configuration.source();
    AttentionKind kind = configuration.get(AttentionConfig.SECTION).kind();
    if (kind == AttentionKind.VANILLA && saved.keepsAttention()) {
      throw source.error(
          key,
          "must be \"inputs\" or \"auto\" with vanilla attention, whose backward needs its scores");
    }
    OffloadKind offload = configuration.get(MemoryConfig.SECTION).offload();
    if (offload == OffloadKind.HOST && saved.keepsProducts()) {
      throw source.error(
          key,
          "must not be "
              + Toml.write(saved)
              + " with memory.offload = \"host\": results of products stay on the device");
    }
  }

  /** Tasks that are made without end leave nothing out, and must suit the length of sequences. */
  private static void checkLines(Configuration configuration) {
    if (!configuration.has(DataConfig.SECTION)
        || configuration.get(DataConfig.SECTION).format() != DataFormat.LINES) {
      return;
    }
    Source source = configuration.source();
    ValidationConfig validation = configuration.get(ValidationConfig.SECTION);
    if (validation.isOn()) {
      throw source.error(
          validation.path().isPresent() ? "validation.path" : "validation.fraction",
          "must not be given with data.format = \"lines\": no task is learned twice, so the loss"
              + " of training is that of tasks never seen");
    }
    if (configuration.has(TrainConfig.SECTION)) {
      LineLevels.of(
          configuration.get(LinesConfig.SECTION),
          configuration.get(TrainConfig.SECTION).sequence(),
          source);
    }
  }

  /** Models of trajectories learn from trajectories, and no others do. */
  private static void checkInput(Configuration configuration) {
    if (!configuration.has(ModelConfig.SECTION) || !configuration.has(DataConfig.SECTION)) {
      return;
    }
    boolean trajectories = configuration.get(ModelConfig.SECTION).trajectories().isPresent();
    DataFormat format = configuration.get(DataConfig.SECTION).format();
    if (trajectories != format.toString().equals(InputKind.TRAJECTORIES.toString())) {
      InputKind must = trajectories ? InputKind.TOKENS : InputKind.TRAJECTORIES;
      throw configuration
          .source()
          .error(
              "model.input",
              "must be " + Toml.write(must) + " with data.format = " + Toml.write(format));
    }
  }

  /**
   * Refuses a model that a command cannot serve.
   *
   * @param what it would do, in words
   * @throws ringattention.input.InputException if the model is not one of tokens
   */
  public static void requireTokens(Configuration configuration, String what) {
    if (configuration.has(ModelConfig.SECTION)
        && configuration.get(ModelConfig.SECTION).trajectories().isPresent()) {
      throw configuration
          .source()
          .error("model.input", "must be " + Toml.write(InputKind.TOKENS) + " for " + what);
    }
  }

  /** What is learned stands behind what it is learned at, and its length is that of sequences. */
  private static void checkTrajectories(Configuration configuration) {
    if (!configuration.has(DataConfig.SECTION)
        || configuration.get(DataConfig.SECTION).format() != DataFormat.TRAJECTORIES) {
      return;
    }
    requireCausal(configuration, "data.format = \"trajectories\"");
    TrajectoriesConfig trajectories = configuration.get(TrajectoriesConfig.SECTION);
    if (configuration.has(TrainConfig.SECTION) && trajectories.steps() > 0) {
      int sequence = configuration.get(TrainConfig.SECTION).sequence();
      trajectories.requireSequence(sequence, trajectories.steps(), configuration.source());
    }
  }

  /** A part of a name that no parameter has is misspelt, and weights would shrink unnoticed. */
  private static void checkNoDecay(Configuration configuration) {
    List<Parameter> parameters =
        LlamaParameters.groups(configuration.get(ModelConfig.SECTION)).stream()
            .flatMap(group -> group.parameters().stream())
            .toList();
    for (String part : configuration.get(TrainConfig.SECTION).noDecay()) {
      if (!TrainConfig.NO_DECAY.contains(part)
          && parameters.stream().noneMatch(parameter -> parameter.name().contains(part))) {
        throw configuration
            .source()
            .error(
                "train.noDecay", Toml.write(part) + " is in the name of no parameter of the model");
      }
    }
  }

  /**
   * Attention sees all that is before a token: in a longer sequence more than the window. Documents
   * of a packed sequence may be as long as it is.
   */
  private static void checkWindow(Configuration configuration) {
    AttentionDetails details = configuration.get(ModelConfig.SECTION).details();
    int sequence = configuration.get(TrainConfig.SECTION).sequence();
    if (!details.holds(sequence)) {
      throw configuration
          .source()
          .error(
              "model.slidingWindow",
              "a window within a sequence is not supported: train.sequence ("
                  + sequence
                  + ") must be at most "
                  + details.slidingWindow());
    }
  }

  /**
   * Demands that no prediction sees what it is to predict.
   *
   * @param why what it is for
   */
  static void requireCausal(Configuration configuration, String why) {
    if (configuration.get(AttentionConfig.SECTION).mask() != Mask.CAUSAL) {
      throw configuration
          .source()
          .error("attention.mask", "must be \"causal\" for " + why + ", or labels are seen");
    }
  }

  /**
   * Returns one more than the last position that a sequence of section {@code [train]} may have.
   */
  static long positions(Configuration configuration) {
    boolean data = configuration.has(DataConfig.SECTION);
    long first = data ? configuration.get(DataConfig.SECTION).firstPosition() : 0;
    return first + configuration.get(TrainConfig.SECTION).sequence();
  }
}
