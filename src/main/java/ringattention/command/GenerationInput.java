package ringattention.command;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import ringattention.data.ChatPrompt;
import ringattention.data.Tokenizer;
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
 * @param words closed with this
 * @param chats puts messages into words
 */
record GenerationInput(AnswerTokenizer words, ChatPrompt chats, Requests requests)
    implements AutoCloseable {
  private static final String NAME = "standard input (no --prompt, no generate.prompts)";

  /**
   * Reads both. Requests are those of {@code --prompt}, else of the file that the input names, else
   * of standard input. Collective.
   *
   * @param standardInput of this rank; only the first rank's is read
   * @throws InputException on every rank if one cannot be read, or a rank has other contents
   */
  static GenerationInput read(Job job, Configuration configuration, InputStream standardInput) {
    int vocabulary = configuration.get(ModelConfig.SECTION).vocabulary();
    Source source = configuration.source();
    AnswerTokenizer words = AnswerTokenizer.open(job, configuration);
    try {
      GenerateConfig config = configuration.get(GenerateConfig.SECTION);
      ChatPrompt chats =
          job.agree(() -> words.chats(config.template(), "generate.template", source));
      RequestReader reader =
          new RequestReader(words.tokenizer(), chats, vocabulary, config.settings(), source);
      byte[] typed = typed(job, configuration, standardInput);
      Requests requests = job.agree(() -> requests(job, configuration, reader, typed));
      GenerationInput input = new GenerationInput(words, chats, requests);
      new Agreement(job.world()).onSame(input.contents());
      return input;
    } catch (RuntimeException e) {
      words.close();
      throw e;
    }
  }

  Tokenizer tokenizer() {
    return words.tokenizer();
  }

  /** Returns the tokens that end an answer. */
  Set<Integer> ends() {
    return words.ends();
  }

  /** Returns what all ranks, and all parts of a run, must have alike. */
  SharedParts contents() {
    return SharedInput.digest("requests", requests.digest()).and(words.contents());
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
    words.close();
  }
}
