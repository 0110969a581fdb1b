package ringattention.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ringattention.command.Sections;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainConfig;

/** Configurations of a small run. */
final class Given {
  static final Path WORDS = Path.of("src/test/resources/tokenizers/words");
  static final Path PAIRS = Path.of("src/test/resources/tokenizers/pairs");

  private Given() {}

  /**
   * @param more overrides; the last of a key wins
   */
  static Configuration configuration(Path path, String... more) {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                "data.path=" + path,
                "model.vocabulary=400",
                "model.hidden=8",
                "model.layers=1",
                "model.heads=1",
                "train.sequence=16",
                "train.steps=1"));
    overrides.addAll(List.of(more));
    return Sections.INPUTS.defaults(overrides);
  }

  /** Returns a configuration whose corpus is what the overrides say. */
  static Configuration sources(String... more) {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                "model.vocabulary=400",
                "model.hidden=8",
                "model.layers=1",
                "model.heads=1",
                "train.steps=1"));
    overrides.addAll(List.of(more));
    return Sections.INPUTS.defaults(overrides);
  }

  /** Returns the tokens of one file. */
  static TokenFile tokens(Path file, String... more) {
    Configuration configuration = configuration(file, more);
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
      return new TokenizedCorpus(configuration, tokenizer).open(List.of(file));
    }
  }

  static SampleShape shape(Configuration configuration) {
    return new SampleShape(
        configuration.get(TrainConfig.SECTION).sequence(),
        configuration.get(ModelConfig.SECTION).vocabulary(),
        configuration.get(TrainConfig.SECTION).seed());
  }

  static Samples samples(Configuration configuration) {
    return Samples.of(configuration, shape(configuration));
  }

  static PackedSamples packed(Configuration configuration, TokenFile corpus, int padding) {
    return new PackedSamples(configuration, shape(configuration), corpus, padding);
  }

  static Tokenizer tokenizer(Configuration configuration) {
    return Tokenizer.of(configuration, configuration.get(ModelConfig.SECTION).vocabulary());
  }

  static HeldOutSamples heldOut(Configuration configuration) {
    return HeldOutSamples.of(configuration, shape(configuration));
  }
}
