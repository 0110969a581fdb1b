package ringattention.device.cuda;

import ringattention.device.cuda.Cublas.Operand;

/**
 * The work that {@link ScoreAttention} is made of. Operands with as many matrices as the tile has
 * heads.
 */
interface ScorePasses {
  /**
   * Rows of a tile, and what each sees: row i keys 0 to {@code min(keys, first + step * i)}.
   *
   * @param keys length of a row
   * @param step 1 with a causal mask, 0 without
   */
  record Rows(int heads, int queries, int keys, int first, int step) {}

  /** Computes {@link Cublas#product}. */
  void product(
      Operand a, Operand b, Operand c, long m, long n, long k, float alpha, float beta, int batch);

  /**
   * Probabilities of scores that are already scaled; 0 for keys that are not seen.
   *
   * @param scores [heads, queries, keys] F32; only those seen need be defined
   * @param probabilities [heads, queries, keys], may be the scores
   * @param logSumExp [queries, heads]
   */
  void softmax(Rows rows, Operand scores, Operand probabilities, Operand logSumExp);

  /**
   * {@code P = exp(S - logSumExp)} and {@code G = P (dP - sum(dOut out))}, the gradient of the
   * scores without their scale; 0 for keys that are not seen. All four have the same strides.
   *
   * @param scores [heads, queries, keys] F32, scaled
   * @param dProbabilities as the scores
   * @param probabilities [heads, queries, keys], may be the scores
   * @param dScores as the probabilities, may be {@code dProbabilities}
   * @param logSumExp [queries, heads]
   * @param out [queries, heads, headSize]
   * @param dOut as out
   */
  void gradient(
      Rows rows,
      Operand scores,
      Operand dProbabilities,
      Operand probabilities,
      Operand dScores,
      Operand logSumExp,
      Operand out,
      Operand dOut,
      int headSize);

  /**
   * {@code G = P (dP - sum(P dP))} of complete rows.
   *
   * @param dScores may be {@code dProbabilities}
   */
  void vanillaGradient(Rows rows, Operand probabilities, Operand dProbabilities, Operand dScores);

  /** Zeros. */
  void clear(Operand matrix, long rows, long columns);

  /** Address of scratch of this many bytes, 256-aligned, valid until the next call. */
  long workspace(long bytes);

  void close();
}
