package ringattention.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import ringattention.data.ChatPrompt;
import ringattention.data.DataConfig;
import ringattention.data.Tokenizer;
import ringattention.huggingface.SpecialIds;
import ringattention.infer.GenerateConfig;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;
import ringattention.model.ModelConfig;
import ringattention.run.Job;
import ringattention.run.SharedParts;

/**
 * The tokenizer that prompts are read and answers are written with: that of section {@code
 * [generate]}, else of the model's folder, else of {@code [data]}, else bytes.
 *
 * @param tokenizer closed with this
 * @param name {@link DataConfig#BYTES}, or a tokenizer.json or its folder
 * @param ends tokens that end an answer
 */
record AnswerTokenizer(Tokenizer tokenizer, String name, Set<Integer> ends)
    implements AutoCloseable {
  private static final String FOLDER_TOKENIZER = "tokenizer.json";
  private static final String FOLDER = "model.checkpoint";

  /** A tokenizer by its name, and the key that gives it. */
  private record Named(String name, String key) {}

  /**
   * Reads it. Collective.
   *
   * @throws InputException on every rank if it cannot be read, or the model has fewer tokens
   */
  static AnswerTokenizer open(Job job, Configuration configuration) {
    int vocabulary = configuration.get(ModelConfig.SECTION).vocabulary();
    Named named = named(configuration);
    Source source = configuration.source();
    Tokenizer tokenizer =
        job.agree(() -> Tokenizer.of(named.name(), named.key(), source, vocabulary));
    try {
      Set<Integer> ends = job.agree(() -> ends(configuration, named, tokenizer));
      return new AnswerTokenizer(tokenizer, named.name(), ends);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static Named named(Configuration configuration) {
    Optional<String> asked = configuration.get(GenerateConfig.SECTION).tokenizer();
    if (asked.isPresent()) {
      return new Named(asked.get(), "generate.tokenizer");
    }
    Optional<Path> beside =
        configuration
            .get(ModelConfig.SECTION)
            .checkpoint()
            .filter(folder -> Files.exists(folder.resolve(FOLDER_TOKENIZER)));
    if (beside.isPresent()) {
      return new Named(beside.get().toString(), FOLDER);
    }
    if (configuration.has(DataConfig.SECTION)
        && configuration.get(DataConfig.SECTION).tokenizer().equals(DataConfig.NONE)) {
      throw configuration
          .source()
          .error("generate.tokenizer", "must be given: data.tokenizer of the run is \"none\"");
    }
    return configuration.has(DataConfig.SECTION)
        ? new Named(configuration.get(DataConfig.SECTION).tokenizer(), "data.tokenizer")
        : new Named(DataConfig.BYTES, "generate.tokenizer");
  }

  /** Models that chat end an answer with other tokens than a text: their folder names them. */
  private static Set<Integer> ends(Configuration configuration, Named named, Tokenizer tokenizer) {
    GenerateConfig config = configuration.get(GenerateConfig.SECTION);
    Set<Integer> ends = new LinkedHashSet<>(config.ends(tokenizer, configuration.source()));
    if (config.endTokens().isEmpty() && named.key().equals(FOLDER)) {
      SpecialIds.ends(Path.of(named.name())).stream()
          .filter(id -> id < tokenizer.vocabulary())
          .forEach(ends::add);
    }
    return ends;
  }

  /**
   * Returns what puts conversations into words.
   *
   * @param template as {@code data.template}
   * @param key that says it, for errors
   * @throws InputException if there is no such template
   */
  ChatPrompt chats(String template, String key, Source source) {
    return ChatPrompt.of(template, key, source, DataConfig.tokenizerPath(name), tokenizer);
  }

  /** Returns what all ranks, and all parts of a run, must have alike. */
  SharedParts contents() {
    return SharedInput.digest("tokenizer", tokenizer.fingerprint());
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
