package ringattention.infer;

import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import ringattention.data.Tokenizer;

/**
 * Answers to requests, by an engine over all ranks. Every rank runs the same; only the listener of
 * rank 0 does anything.
 */
public final class Generation {
  private final Engine engine;
  private final int rows;
  private final AnswerRules rules;

  /**
   * @param engine as {@link Engine}; stays open
   * @param ends tokens that end an answer, see {@link GenerateConfig#ends}
   */
  public Generation(Engine engine, Tokenizer tokenizer, GenerateConfig config, Set<Integer> ends) {
    this.engine = engine;
    this.rows = Math.min(config.batch(), engine.rows());
    int tokens = Math.min(tokenizer.vocabulary(), engine.vocabulary()); // the rest is padding
    this.rules =
        new AnswerRules(
            tokenizer,
            tokens,
            config.ignoreEnd() ? Set.of() : Set.copyOf(ends),
            config.logProbabilities());
  }

  /**
   * Makes the answers to all requests. Collective.
   *
   * @param requests with ids that differ
   * @param done answers that are there already
   * @param listener hears of text and of every answer that ends
   * @param stop whether to end with what there is; asked before every prefill and every step, must
   *     say the same on all ranks
   * @throws ArithmeticException naming the request if a logit is not finite; what the engine holds
   *     then is closed with it
   */
  public GenerationOutcome run(
      List<Request> requests,
      Set<SampleKey> done,
      GenerationListener listener,
      BooleanSupplier stop) {
    return new GenerationRun(engine, rows, rules, listener, Work.of(requests, done)).run(stop);
  }
}
