package ringattention.data;

/**
 * What a sequence of trajectories has beside tokens: numbers that go into the model, and those that
 * it learns to give. With them a sample's tokens are steps within an episode, counted from 0, and
 * its labels say only what counts: 0 where the action is learned, {@link Sample#NO_LABEL}
 * elsewhere.
 *
 * @param features numbers of a position, those of other kinds of positions 0
 * @param inputs [sequence, features]
 * @param actions numbers of an action
 * @param targets [sequence, actions]; where nothing counts they are 0
 */
public record StepValues(int features, float[] inputs, int actions, float[] targets) {}
