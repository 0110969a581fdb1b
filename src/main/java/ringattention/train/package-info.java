/**
 * The training run: a step and its learning rate, the loop over steps, checkpoints and resumption,
 * what stops it, and the checks at its end.
 */
package ringattention.train;
