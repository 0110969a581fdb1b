package ringattention.device;

import ringattention.shard.Mask;

/**
 * Attention of a block of queries over a block of keys and values, and the rule that merges blocks.
 * Shapes are sequence-major: queries [queries, batch, heads, headSize], keys and values [keys,
 * batch, keyValueHeads, headSize], log-sum-exp [queries, batch, heads] in natural logarithm of the
 * scaled, masked scores. Query head h reads key/value head h / (heads / keyValueHeads). Scores are
 * scaled by 1 / sqrt(headSize). With {@link Mask#CAUSAL} query i sees keys 0 to i; blocks need not
 * be square.
 *
 * <p>Types: q, k, v, outputs and their gradient are {@link Device#compute}; everything else is
 * {@link Device#sum}, unless said otherwise.
 */
public interface BlockAttention {
  /**
   * Attention of one block pair, without ever holding queries x keys scores.
   *
   * @param out [queries, batch, heads, headSize], compute type, overwritten
   * @param logSumExp [queries, batch, heads], sum type, overwritten
   */
  void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp);

  /**
   * Merges a further block with a running total (online softmax; Liu et al. 2023, section 2, in the
   * form with log-sum-exp): {@code out = total - sigmoid(lseBlock - lse) (total - blockOut)},
   * {@code lse -= logsigmoid(lse - lseBlock)}.
   *
   * @param total [queries, batch, heads, headSize], compute or sum type; ignored where nothing has
   *     been merged yet
   * @param logSumExp [queries, batch, heads], updated; minus infinity where nothing has been merged
   *     yet
   * @param out as total, overwritten; may be total
   */
  void merge(Tensor total, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp, Tensor out);

  /**
   * One block pair's contribution to dq, dk, dv. {@code out} and {@code logSumExp} are the final
   * merged ones, which makes the contributions of all pairs sum to the true gradient.
   *
   * @param out [queries, batch, heads, headSize], rounded to the compute type
   * @param dOut gradient of the final output
   * @param heads the key/value heads to do, with the query heads that read them; nothing of other
   *     heads is touched
   */
  void backward(
      Tensor q,
      Tensor k,
      Tensor v,
      Mask mask,
      Tensor out,
      Tensor logSumExp,
      Tensor dOut,
      Heads heads,
      Gradients into);

  /** Key/value heads [from, to). */
  record Heads(int from, int to) {
    public Heads {
      if (from < 0 || to < from) {
        throw new IllegalArgumentException("heads " + from + " to " + to);
      }
    }
  }

  /**
   * Where a block pair's gradients go.
   *
   * @param dq [queries, batch, heads, headSize], sum type
   * @param addQuery whether to add to dq; otherwise it is overwritten
   * @param dk [keys, batch, keyValueHeads, headSize], sum type
   * @param dv as dk
   * @param addKeyValue whether to add to dk and dv; otherwise they are overwritten
   */
  record Gradients(Tensor dq, boolean addQuery, Tensor dk, Tensor dv, boolean addKeyValue) {}

  /**
   * Vanilla attention: the whole score matrix in memory, then its softmax, then the output.
   *
   * @param probabilities [batch, heads, queries, keys], compute type, overwritten and needed by
   *     {@link #vanillaBackward}
   * @param out [queries, batch, heads, headSize], compute type, overwritten
   * @param logSumExp [queries, batch, heads], overwritten
   */
  void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp);

  /**
   * Backward of {@link #vanillaForward}.
   *
   * @param dScores [batch, heads, queries, keys], compute type, scratch
   * @param dq added to, as are dk and dv
   */
  void vanillaBackward(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor probabilities,
      Tensor dOut,
      Tensor dScores,
      Tensor dq,
      Tensor dk,
      Tensor dv);
}
