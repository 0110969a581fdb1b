package ringattention.infer;

import java.util.BitSet;

/**
 * Chooses tokens by {@link Sampling}, in doubles and with exponentials that are the same on every
 * machine, so that all ranks choose alike. Its buffers are used again: one thread.
 */
final class Sampler {
  /** Sums of probabilities from fp32 logits miss a round share by about this. */
  private static final double ROUNDING = 1e-6;

  private static final double HIGHEST = 1e300; // whatever the penalty is

  private final int vocabulary;
  private final double[] scores; // [vocabulary], logits after the penalty
  private final double[] weights; // [vocabulary], of those drawn from
  private final int[] drawn; // [tokens drawn from]
  private final RankedTokens ranked;
  private final RankedTokens lastOnTop;

  /**
   * @param vocabulary tokens that may be chosen; logits may have more, which are padding
   */
  Sampler(int vocabulary) {
    this.vocabulary = vocabulary;
    this.scores = new double[vocabulary];
    this.weights = new double[vocabulary];
    this.drawn = new int[vocabulary];
    this.ranked = new RankedTokens(scores, true);
    this.lastOnTop = new RankedTokens(scores, false);
  }

  /**
   * Returns the next token.
   *
   * @param logits [at least vocabulary]
   * @param seen tokens that the repetition penalty is for
   * @param uniform in (0, 1], decides what is drawn
   * @throws ArithmeticException naming the first logit that is not finite
   */
  int choose(float[] logits, Sampling sampling, BitSet seen, double uniform) {
    for (int token = 0; token < vocabulary; token++) {
      if (!Float.isFinite(logits[token])) {
        throw new ArithmeticException("the logit of token " + token + " is " + logits[token]);
      }
      scores[token] = logits[token];
    }
    if (sampling.penalizes()) {
      penalize(seen, sampling.repetitionPenalty());
    }
    int best = 0;
    for (int token = 1; token < vocabulary; token++) {
      best = scores[token] > scores[best] ? token : best;
    }
    return sampling.isGreedy() ? best : draw(keep(sampling, scores[best]), uniform);
  }

  private void penalize(BitSet seen, double penalty) {
    for (int token = seen.nextSetBit(0); token >= 0; token = seen.nextSetBit(token + 1)) {
      if (token < vocabulary) {
        double score = scores[token] > 0 ? scores[token] / penalty : scores[token] * penalty;
        scores[token] = Math.max(-HIGHEST, Math.min(score, HIGHEST));
      }
    }
  }

  /** Lists the tokens to draw from with their weights. Returns how many there are. */
  private int keep(Sampling sampling, double highest) {
    if (sampling.topK() > 0) {
      int kept = keepFirst(Math.min(sampling.topK(), vocabulary));
      double all = weigh(kept, sampling.temperature(), highest);
      return cut(kept, sampling.topP(), all);
    }
    for (int token = 0; token < vocabulary; token++) {
      drawn[token] = token;
    }
    double all = weigh(vocabulary, sampling.temperature(), highest);
    return sampling.topP() == 1 ? vocabulary : keepShare(sampling.topP(), all);
  }

  /** Keeps the tokens with the highest scores, which push out the last of those before them. */
  private int keepFirst(int most) {
    lastOnTop.clear();
    for (int token = 0; token < most; token++) {
      lastOnTop.add(token);
    }
    lastOnTop.order();
    for (int token = most; token < vocabulary; token++) {
      if (scores[token] > scores[lastOnTop.top()]) {
        lastOnTop.replaceTop(token);
      }
    }
    for (int i = most - 1; i >= 0; i--) {
      drawn[i] = lastOnTop.next();
    }
    return most;
  }

  /** Fills in the weights of the first tokens to draw from. Returns their sum. */
  private double weigh(int count, double temperature, double highest) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      int token = drawn[i];
      weights[token] = StrictMath.exp((scores[token] - highest) / temperature); // at most 1
      sum += weights[token];
    }
    return sum;
  }

  /**
   * Keeps the likeliest of all tokens up to a share. Those that are below the average of what may
   * be left out are not looked at: together they are less than that.
   *
   * @param all sum of all weights
   */
  private int keepShare(double share, double all) {
    double least = (1 - share) * all / vocabulary;
    ranked.clear();
    for (int token = 0; token < vocabulary; token++) {
      if (weights[token] >= least) {
        ranked.add(token);
      }
    }
    ranked.order();
    int kept = 0;
    double sum = 0;
    while (!ranked.isEmpty() && (kept == 0 || sum < (share - ROUNDING) * all)) {
      drawn[kept] = ranked.next();
      sum += weights[drawn[kept++]];
    }
    return kept;
  }

  /** Returns how many of the first tokens have a share of the weights of all of them. */
  private int cut(int count, double share, double all) {
    int kept = 0;
    double sum = 0;
    while (kept < count && (share == 1 || kept == 0 || sum < (share - ROUNDING) * all)) {
      sum += weights[drawn[kept++]];
    }
    return kept;
  }

  private int draw(int count, double uniform) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[drawn[i]];
    }
    double reached = 0;
    for (int i = 0; i < count - 1; i++) {
      reached += weights[drawn[i]];
      if (reached >= uniform * sum) {
        return drawn[i];
      }
    }
    return drawn[count - 1];
  }

  /**
   * Returns the logarithm of a token's probability in the distribution of the logits as they are:
   * without penalty, temperature and cuts.
   */
  double logProbability(float[] logits, int token) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      highest = Math.max(highest, logits[i]);
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += StrictMath.exp(logits[i] - highest);
    }
    return logits[token] - highest - StrictMath.log(sum);
  }
}
