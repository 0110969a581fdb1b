package ringattention.environment;

/**
 * How large random Markov decision processes are.
 *
 * @param states of one
 * @param actions in every state
 * @param steps of an episode
 */
public record MdpSize(int states, int actions, int steps) {}
