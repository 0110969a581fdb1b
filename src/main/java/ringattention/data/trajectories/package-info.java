/**
 * Trajectories to learn from: episodes of states, actions and rewards as ExoRL stores them, and the
 * sequences that are made of them. Sees nothing of package {@code data}.
 */
package ringattention.data.trajectories;
