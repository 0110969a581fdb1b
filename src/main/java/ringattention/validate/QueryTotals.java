package ringattention.validate;

/**
 * What the gradients of keys need to know of every query of the sampled heads.
 *
 * @param logSumExp [length, sampled heads]
 * @param delta the row sums of dO * O, [length, sampled heads]
 */
record QueryTotals(double[] logSumExp, double[] delta) {}
