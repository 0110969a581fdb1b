package ringattention.environment;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;

/**
 * How large random Markov decision processes are.
 *
 * @param states of one
 * @param actions in every state
 * @param steps of an episode
 */
public record MdpSize(int states, int actions, int steps) {
  /** Reads the sizes in a section; given elsewhere than with {@code mdp} they are refused. */
  public static MdpSize read(Table table, EnvironmentKind environment) {
    Table sizes = table.onlyIf(environment == EnvironmentKind.MDP, "only of mdp");
    return new MdpSize(
        sizes.integer("states", Range.between(2, 256), Default.of(10)),
        sizes.integer("actions", Range.between(2, 32), Default.of(5)),
        sizes.integer("steps", Range.between(1, 1000), Default.of(10)));
  }
}
