package ringattention.infer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One answer.
 *
 * @param text without stop string and end token
 * @param tokens [tokens] of the answer, the one that completed a stop string included, an end token
 *     not
 * @param promptTokens with the context's
 * @param prefillSeconds spent on the prompt for this answer; a shared prefill counts for the first
 * @param decodeRate tokens per second behind the first one; 0 if there is no other
 * @param logProbabilities [tokens] of the tokens in the distribution of the logits as they are; if
 *     asked for
 */
public record GenerationResult(
    SampleKey key,
    String text,
    int[] tokens,
    Finish finish,
    int promptTokens,
    double prefillSeconds,
    double decodeRate,
    Optional<double[]> logProbabilities) {

  /** Returns the result of what was not begun since it does not fit. */
  static GenerationResult refused(SampleKey key, int promptTokens) {
    return new GenerationResult(
        key, "", new int[0], Finish.REFUSED, promptTokens, 0, 0, Optional.empty());
  }

  /** Returns the fields of a line of results, in their order. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", key.id());
    fields.put("sample", key.sample());
    fields.put("text", text);
    fields.put("tokens", tokens);
    fields.put("finish", finish.toString());
    fields.put("prompt_tokens", promptTokens);
    fields.put("prefill_s", prefillSeconds);
    fields.put("decode_tokens_per_s", decodeRate);
    logProbabilities.ifPresent(values -> fields.put("log_probabilities", values));
    return fields;
  }
}
