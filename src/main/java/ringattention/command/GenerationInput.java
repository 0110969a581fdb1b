package ringattention.command;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
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
import ringattention.infer.OneLength;
import ringattention.infer.RequestReader;
import ringattention.infer.Requests;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;
import ringattention.model.ModelConfig;
import ringattention.run.Agreement;
import ringattention.run.Job;
import ringattention.run.SharedParts;

/**
 * What text is generated from: a tokenizer and requests, the same on all ranks.
 *
 * @param tokenizer closed with this
 * @param chats puts messages into words
 * @param ends tokens that end an answer
 */
record GenerationInput(Tokenizer tokenizer, ChatPrompt chats, Set<Integer> ends, Requests requests)
    implements AutoCloseable {
  private static final String NAME = "standard input (no --prompt, no generate.prompts)";
  private static final String FOLDER_TOKENIZER = "tokenizer.json";
  private static final String FOLDER = "model.checkpoint";

  /**
   * Reads both. Requests are those of {@code --prompt}, else of the file that the input names, else
   * of standard input. Collective.
   *
   * @param standardInput of this rank; only the first rank's is read
   * @throws InputException on every rank if one cannot be read, or a rank has other contents
   */
  static GenerationInput read(Job job, Configuration configuration, InputStream standardInput) {
    int vocabulary = configuration.get(ModelConfig.SECTION).vocabulary();
    Named named = named(configuration);
    Source source = configuration.source();
    Tokenizer tokenizer =
        job.agree(() -> Tokenizer.of(named.name(), named.key(), source, vocabulary));
    try {
      GenerateConfig config = configuration.get(GenerateConfig.SECTION);
      Set<Integer> ends = job.agree(() -> ends(configuration, named, tokenizer));
      ChatPrompt chats =
          job.agree(
              () ->
                  ChatPrompt.of(
                      config.template(),
                      "generate.template",
                      source,
                      DataConfig.tokenizerPath(named.name()),
                      tokenizer));
      RequestReader reader =
          new RequestReader(tokenizer, chats, vocabulary, config.settings(), source);
      byte[] typed = typed(job, configuration, standardInput);
      Requests requests = job.agree(() -> requests(job, configuration, reader, typed));
      GenerationInput input = new GenerationInput(tokenizer, chats, ends, requests);
      new Agreement(job.world()).onSame(input.contents());
      return input;
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Returns what all ranks, and all parts of a run, must have alike. */
  SharedParts contents() {
    return SharedInput.digest("requests", requests.digest())
        .and(SharedInput.digest("tokenizer", tokenizer.fingerprint()));
  }

  /** A tokenizer by its name, and the key that gives it. */
  private record Named(String name, String key) {}

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
    return configuration.has(DataConfig.SECTION)
        ? new Named(configuration.get(DataConfig.SECTION).tokenizer(), "data.tokenizer")
        : new Named(DataConfig.BYTES, "generate.tokenizer");
  }

  /** Returns what stands in standard input, on every rank; empty where it is not asked for. */
  private static byte[] typed(Job job, Configuration configuration, InputStream standardInput) {
    if (job.line().prompt().isPresent()
        || configuration.get(GenerateConfig.SECTION).prompts().isPresent()) {
      return new byte[0];
    }
    byte[] own =
        job.agree(
            () -> {
              try {
                return job.root() ? standardInput.readAllBytes() : new byte[0];
              } catch (IOException e) {
                throw new InputException(NAME + ": cannot be read: " + e.getMessage());
              }
            });
    return job.world().broadcast(own);
  }

  private static Requests requests(
      Job job, Configuration configuration, RequestReader reader, byte[] typed) {
    Optional<String> prompt = job.line().prompt();
    Optional<Path> file = configuration.get(GenerateConfig.SECTION).prompts();
    Requests asked;
    if (prompt.isPresent()) {
      asked = reader.prompt(prompt.get(), "--prompt");
    } else if (file.isPresent()) {
      asked = reader.file(file.get());
    } else {
      try {
        asked = reader.stream(new ByteArrayInputStream(typed), NAME);
      } catch (IOException impossible) { // of memory
        throw new IllegalStateException(impossible);
      }
    }
    Requests requests = OneLength.keep(asked, configuration.get(ModelConfig.SECTION));
    if (!requests.requests().isEmpty()) {
      return requests;
    }
    if (!requests.problems().isEmpty()) {
      throw new InputException(requests.problems().get(0));
    }
    throw file.isPresent() && prompt.isEmpty()
        ? configuration.source().error("generate.prompts", "holds no request")
        : new InputException(NAME + ": holds no request");
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
