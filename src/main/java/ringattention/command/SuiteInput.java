package ringattention.command;

import java.util.List;
import java.util.Optional;
import ringattention.data.ChatPrompt;
import ringattention.evaluate.suite.SuiteCases;
import ringattention.evaluate.suite.SuiteConfig;
import ringattention.infer.CacheNeed;
import ringattention.infer.GenerateConfig;
import ringattention.infer.OneLength;
import ringattention.infer.Requests;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;
import ringattention.run.Agreement;
import ringattention.run.Job;

/**
 * What a suite is asked with: a tokenizer and the cases, the same on all ranks.
 *
 * @param configuration with the model as it computes these lengths
 * @param words closed with this
 */
record SuiteInput(Configuration configuration, AnswerTokenizer words, SuiteCases cases)
    implements AutoCloseable {
  /**
   * Reads the one and makes the others. Collective.
   *
   * @throws ringattention.input.InputException on every rank if a file is not as it must be, a
   *     length cannot be met, or a rank has other contents
   */
  static SuiteInput of(Job job, Configuration configuration) {
    AnswerTokenizer words = AnswerTokenizer.open(job, configuration);
    try {
      String template = configuration.get(SuiteConfig.SECTION).template();
      Optional<ChatPrompt> chats =
          template.equals(SuiteConfig.NO_TEMPLATE)
              ? Optional.empty()
              : Optional.of(
                  job.agree(() -> words.chats(template, "suite.template", configuration.source())));
      SuiteCases cases = job.agree(() -> SuiteCases.of(configuration, words.tokenizer(), chats));
      String digest = new Requests(cases.requests(), List.of()).digest();
      new Agreement(job.world()).onSame(SharedInput.digest("cases", digest).and(words.contents()));
      ModelConfig model = OneLength.model(configuration.get(ModelConfig.SECTION), cases.requests());
      return new SuiteInput(configuration.with(ModelConfig.SECTION, model), words, cases);
    } catch (RuntimeException e) {
      words.close();
      throw e;
    }
  }

  /** Returns what the cases ask of the cache. */
  CacheNeed need() {
    return CacheNeed.of(cases.requests(), configuration.get(GenerateConfig.SECTION).batch());
  }

  @Override
  public void close() {
    words.close();
  }
}
