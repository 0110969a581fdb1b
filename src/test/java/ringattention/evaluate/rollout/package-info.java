/** Tests of a model of trajectories that acts: what it sees, does, and what came of it. */
package ringattention.evaluate.rollout;
