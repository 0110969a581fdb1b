package ringattention.validate;

/**
 * Outputs and gradients of attention over a whole sequence, on the host.
 *
 * @param out [length, batch, heads, headSize]
 * @param logSumExp [length, batch, heads]
 * @param dQuery as out
 * @param dKey [length, batch, keyValueHeads, headSize]
 * @param dValue as dKey
 */
public record AttentionResult(
    double[] out, double[] logSumExp, double[] dQuery, double[] dKey, double[] dValue) {}
