package ringattention.command;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import ringattention.checkpoint.ContentPart;
import ringattention.cli.CommandLine;
import ringattention.comm.Communicator;
import ringattention.data.HeldOutSamples;
import ringattention.data.HostTokens;
import ringattention.data.SampleShape;
import ringattention.data.Samples;
import ringattention.data.Tokenizer;
import ringattention.huggingface.HuggingFaceFolder;
import ringattention.input.Configuration;
import ringattention.input.Trait;
import ringattention.input.UsedInputs;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainConfig;
import ringattention.run.Agreement;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.run.SharedParts;
import ringattention.run.TimeoutConfig;
import ringattention.run.Version;

/**
 * Reads what all ranks must share, and compares it over them before anything depends on it: the one
 * way in for every command. All methods are collective; their {@link
 * ringattention.input.InputException} is the same on every rank and names the rank that differs and
 * the part.
 */
public final class SharedInput {
  private static final String DIGEST = "digest";
  private static final int DIGITS = 16; // of a digest, enough to tell files apart by accident

  private SharedInput() {}

  /**
   * Returns this rank's command line. First of all: ranks with different commands would wait for
   * each other. Values of {@code -D} are compared with the inputs they belong to.
   */
  public static CommandLine commandLine(Communicator world, String... arguments) {
    Agreement agreement = new Agreement(world);
    CommandLine line = agreement.on(() -> CommandLine.parse(arguments));
    agreement.onSame(SharedParts.of("command line", line.shared()));
    return line;
  }

  /** Returns the inputs; of stages, the last. The program's version is compared with them. */
  static Configuration configuration(Job job) {
    List<Configuration> stages = stages(job, stage -> Map.of());
    return stages.get(stages.size() - 1);
  }

  /**
   * Returns the inputs of every stage; one where the input has none. The program's version is
   * compared with them.
   *
   * @param further values by full key that precede those of a stage, counted from 1
   */
  static List<Configuration> stages(Job job, IntFunction<Map<String, Object>> further) {
    List<Configuration> stages = job.agree(() -> read(job.line(), further));
    stages.forEach(stage -> requireSame(job, stage));
    beginHeartbeat(job, stages.get(0));
    return stages;
  }

  /** Returns inputs that are not those of the command line's file. */
  static Configuration configuration(Job job, Supplier<Configuration> reader) {
    Configuration configuration = job.agree(reader);
    requireSame(job, configuration);
    beginHeartbeat(job, configuration);
    return configuration;
  }

  private static void beginHeartbeat(Job job, Configuration configuration) {
    job.heartbeat().begin(configuration.get(TimeoutConfig.SECTION).network());
  }

  private static void requireSame(Job job, Configuration configuration) {
    Map<String, Map<String, String>> parts = new LinkedHashMap<>();
    parts.put("version", Version.read().shared());
    Map<String, String> inputs = new LinkedHashMap<>();
    Set<String> own = configuration.source().marked(Trait.OWN);
    UsedInputs used = UsedInputs.of(configuration.source().toml());
    used.values().keySet().stream()
        .filter(key -> !own.contains(key))
        .forEach(key -> inputs.put(key, used.text(key)));
    parts.put("inputs", inputs);
    new Agreement(job.world()).onSame(new SharedParts(parts));
  }

  /**
   * Returns what the input file and {@code -D} say, with the model as its folder holds it.
   *
   * @throws ringattention.input.InputException if the input is wrong
   */
  private static List<Configuration> read(
      CommandLine line, IntFunction<Map<String, Object>> further) {
    List<Configuration> stages =
        line.input().isPresent()
            ? Sections.INPUTS.stages(line.input().get(), line.overrides(), further)
            : List.of(Sections.INPUTS.defaults(line.overrides()));
    return stages.stream().map(ModelFolders::asStored).toList();
  }

  /** Returns the sequences of the input's corpus; the caller closes them. */
  static Samples samples(Job job, Configuration configuration) {
    return samples(job, configuration, new HostCorpus(job, RunOutput.console(job).log()::line));
  }

  /**
   * Returns the same.
   *
   * @param host has opened what else is read of the corpus
   */
  static Samples samples(Job job, Configuration configuration, HostCorpus host) {
    return alike(
        job,
        () ->
            host.open(
                () -> HostTokens.key(configuration, false),
                tokens ->
                    TrajectorySizesCheck.check(
                        configuration, Samples.of(configuration, shape(configuration), tokens))),
        samples -> contents(configuration, samples),
        Samples::close);
  }

  /** Returns the sequences that are not learned from; the caller closes them. */
  static HeldOutSamples heldOut(Job job, Configuration configuration) {
    return heldOut(job, configuration, new HostCorpus(job, RunOutput.console(job).log()::line));
  }

  /**
   * Returns the same.
   *
   * @param host has opened what else is read of the corpus
   */
  static HeldOutSamples heldOut(Job job, Configuration configuration, HostCorpus host) {
    return alike(
        job,
        () ->
            host.open(
                () -> HostTokens.key(configuration, true),
                tokens ->
                    TrajectorySizesCheck.check(
                        configuration,
                        HeldOutSamples.of(configuration, shape(configuration), tokens))),
        samples -> contents(configuration, samples),
        HeldOutSamples::close);
  }

  private static SampleShape shape(Configuration configuration) {
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    int vocabulary = configuration.get(ModelConfig.SECTION).vocabulary();
    return new SampleShape(train.sequence(), vocabulary, train.seed());
  }

  /** Returns where the input's weights come from and go to; the caller closes it. */
  static ModelFolders folders(Job job, Configuration configuration) {
    return alike(
        job,
        () -> job.agree(() -> ModelFolders.of(configuration)),
        folders -> weights(folders.source().map(HuggingFaceFolder::digest)),
        ModelFolders::close);
  }

  /**
   * Opens what has the same contents on all ranks, or is closed again on each. Collective.
   *
   * @param open collective
   */
  private static <T> T alike(
      Job job, Supplier<T> open, Function<T, SharedParts> contents, Consumer<T> close) {
    T opened = open.get();
    try {
      new Agreement(job.world()).onSame(job.agree(() -> contents.apply(opened)));
      return opened;
    } catch (RuntimeException e) {
      close.accept(opened);
      throw e;
    }
  }

  /**
   * Returns what a training run learns from and begins with, by {@link ContentPart}. Not
   * collective.
   *
   * @throws ringattention.input.InputException if a file can no longer be read
   */
  static SharedParts contents(Configuration configuration, Samples samples, StoredWeights weights) {
    return contents(configuration, samples)
        .and(weights(weights.areThere() ? Optional.of(weights.digest()) : Optional.empty()));
  }

  private static SharedParts contents(Configuration configuration, Samples samples) {
    Map<String, String> corpus = new LinkedHashMap<>();
    samples.digests().forEach((source, digest) -> corpus.put(source, brief(digest)));
    if (samples.endless().isEmpty()) {
      corpus.put("documents", Long.toString(samples.documents()));
      corpus.put("tokens", Long.toString(samples.tokens()));
    }
    corpus.put(DIGEST, brief(samples.digest()));
    return tokenizer(configuration).and(SharedParts.of(ContentPart.CORPUS.toString(), corpus));
  }

  private static SharedParts weights(Optional<String> digest) {
    Map<String, String> weights = new LinkedHashMap<>();
    digest.ifPresent(text -> weights.put(DIGEST, brief(text)));
    return SharedParts.of(ContentPart.WEIGHTS.toString(), weights);
  }

  /** Returns what tells the input's tokenizer from others. Not collective. */
  static SharedParts tokenizer(Configuration configuration) {
    return digest(ContentPart.TOKENIZER.toString(), Tokenizer.digest(configuration));
  }

  /** Returns a part that only its digest tells of. */
  static SharedParts digest(String part, String digest) {
    return SharedParts.of(part, Map.of(DIGEST, brief(digest)));
  }

  private static String brief(String digest) {
    return digest.substring(0, Math.min(DIGITS, digest.length()));
  }
}
