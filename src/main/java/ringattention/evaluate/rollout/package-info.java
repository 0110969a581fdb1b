/**
 * Roll-outs: a model of trajectories acts in an environment, trial after trial in one context.
 * {@link ringattention.evaluate.rollout.RolloutRun} is the way in.
 */
package ringattention.evaluate.rollout;
