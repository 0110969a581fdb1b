/**
 * The product's own proof, run at any number of ranks: ring attention and the whole Transformer
 * against vanilla attention in float64, the four architectures against each other, and a probe that
 * the mask holds across ranks. Thresholds are derived in {@code validation/compare.md}.
 */
package ringattention.validate;
