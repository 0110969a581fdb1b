package ringattention.model;

import ringattention.data.trajectories.FeatureColumns;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Source;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * The numbers that a model of trajectories begins with and learns to give (Liu et al. 2023, section
 * 5.3). A step of an episode is four positions: the return that is asked for, the state, the
 * action, the reward; the action is what is predicted where the state is seen.
 *
 * <p>The columns of a position, in their order: return, state, action, reward, then four of which
 * the one of its kind is 1 and the others 0, then zeros up to a multiple of 8. Numbers of other
 * kinds are 0, so one matrix holds the linear embeddings of all four kinds and their biases.
 *
 * @param stateSize numbers of a state
 * @param actionSize numbers of an action
 * @param episodeSteps steps of the longest episode; each has an embedding of its own
 */
public record TrajectoryModel(int stateSize, int actionSize, int episodeSteps) {
  private static final Range SIZES = Range.between(1, 1 << 16);

  public TrajectoryModel {
    if (stateSize < 1 || actionSize < 1 || episodeSteps < 1) {
      throw new IllegalArgumentException("a trajectory of no size");
    }
  }

  /** Returns the columns of a position. */
  public int features() {
    return new FeatureColumns(stateSize, actionSize).width();
  }

  /**
   * Demands a model of these sizes; its episodes may be longer.
   *
   * @param as what has these states and actions, in words
   * @param asSteps what has these steps, in words
   * @throws ringattention.input.InputException naming the key of the model and what it must be
   */
  public void requireSizes(
      Source source, int states, int actions, int steps, String as, String asSteps) {
    if (stateSize != states) {
      throw source.error("model.stateSize", "must be " + states + ", " + as);
    }
    if (actionSize != actions) {
      throw source.error("model.actionSize", "must be " + actions + ", " + as);
    }
    if (episodeSteps < steps) {
      throw source.error("model.episodeSteps", "must be at least " + steps + ", " + asSteps);
    }
  }

  /**
   * Reads the keys of such a model.
   *
   * @param kind of the model
   */
  static TrajectoryModel read(Table section, InputKind kind) {
    Table table =
        section
            .onlyIf(kind == InputKind.TRAJECTORIES, "only with model.input = \"trajectories\"")
            .marked(Trait.SHAPE);
    return new TrajectoryModel(
        table.integer("stateSize", SIZES, required(17)),
        table.integer("actionSize", SIZES, required(6)),
        table.integer("episodeSteps", Range.between(1, 1 << 24), required(1000)));
  }

  private static Default<Integer> required(int example) {
    return new Default<>(null, "required with trajectories", example);
  }
}
