package ringattention.infer;

/**
 * How the next token is chosen from the logits: first the repetition penalty, then the temperature,
 * then {@code topK}, then {@code topP} of what is left.
 *
 * @param temperature that logits are divided by; 0: the token with the highest logit, of several
 *     the lowest id
 * @param topK tokens that may be drawn, those with the highest logits; 0: all
 * @param topP the share of probability that tokens must have together to be drawn from; the token
 *     that reaches it is the last
 * @param repetitionPenalty what positive logits of tokens in the prompt (its context included) or
 *     in the answer so far are divided by, and negative ones multiplied with, once per token
 * @param seed of the draws, which depend on it, the request's id, the sample and the place in the
 *     answer only
 */
public record Sampling(
    double temperature, int topK, double topP, double repetitionPenalty, long seed) {
  /** Logits in fp32 differ by more than this, or are the same: it is as good as 0. */
  private static final double COLD = 1e-5;

  public Sampling {
    require(temperature >= 0 && Double.isFinite(temperature), "temperature", "at least 0");
    require(topK >= 0, "topK", "at least 0");
    require(topP > 0 && topP <= 1, "topP", "above 0, at most 1");
    require(
        repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
        "repetitionPenalty",
        "above 0");
  }

  private static void require(boolean holds, String key, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(key + " must be a number, " + allowed);
    }
  }

  /** Returns whether nothing is drawn: the token with the highest logit is taken. */
  boolean isGreedy() {
    return temperature < COLD;
  }

  /** Returns whether tokens that were there before count. */
  boolean penalizes() {
    return repetitionPenalty != 1;
  }
}
