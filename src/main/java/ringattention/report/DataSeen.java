package ringattention.report;

import java.util.Map;

/**
 * How much a run has seen up to the end of a step.
 *
 * @param tokens of all sequences of all steps, the padding of packed ones included
 * @param epoch place in the corpus, in epochs: 1.5 is half way through it for the second time
 */
public record DataSeen(long tokens, double epoch) {
  /** The names it has in every file. */
  static final String TOKENS = "tokens_seen";

  static final String EPOCH = "epoch";

  /** Puts both under the names that they have in every file. */
  public void put(Map<String, Object> fields) {
    fields.put(TOKENS, tokens);
    fields.put(EPOCH, epoch);
  }
}
