package ringattention.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How much a run has seen up to the end of a step.
 *
 * @param tokens of all sequences of all steps, the padding of packed ones included
 * @param epoch place in the corpus, in epochs: 1.5 is half way through it for the second time;
 *     empty where data have no end
 */
public record DataSeen(long tokens, OptionalDouble epoch) {
  /** The names it has in every file. */
  static final String TOKENS = "tokens_seen";

  static final String EPOCH = "epoch";

  /** Returns what a step's event says; empty if an earlier version of the program wrote it. */
  static Optional<DataSeen> of(JsonNode event) {
    return event.path(TOKENS).isIntegralNumber()
        ? Optional.of(
            new DataSeen(
                event.get(TOKENS).asLong(),
                event.has(EPOCH)
                    ? OptionalDouble.of(event.get(EPOCH).asDouble())
                    : OptionalDouble.empty()))
        : Optional.empty();
  }

  /** Returns what is known as logs say it. */
  public String text() {
    return epoch.isPresent()
        ? Units.format("%d tokens, epoch %.4f", tokens, epoch.getAsDouble())
        : Units.format("%d tokens", tokens);
  }

  /** Puts what is known under the names that they have in every file. */
  public void put(Map<String, Object> fields) {
    fields.put(TOKENS, tokens);
    epoch.ifPresent(place -> fields.put(EPOCH, place));
  }
}
