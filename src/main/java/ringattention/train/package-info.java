/** The training loop: a step, its learning rate, what it reports. */
package ringattention.train;
