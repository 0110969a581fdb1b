package ringattention.data.trajectories;

/**
 * What a model must have room for, as the data has it.
 *
 * @param stateSize numbers of a state
 * @param actionSize numbers of an action
 * @param episodeSteps of the longest episode: steps within one are counted from 0 to one less
 */
public record TrajectorySizes(int stateSize, int actionSize, int episodeSteps) {
  /** Returns the columns of what goes into the model. */
  public FeatureColumns columns() {
    return new FeatureColumns(stateSize, actionSize);
  }
}
