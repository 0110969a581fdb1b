/**
 * Environments for reinforcement learning that need no simulator: a cart with a pole, dark rooms,
 * random Markov decision processes; and who plays them to collect episodes. Everything is a
 * function of seeds, the same on every processor.
 */
package ringattention.environment;
