package ringattention.data.trajectories;

/**
 * Writes what the four positions of a step begin with, in sequences that are learned from and in
 * episodes that a model plays: by the same code.
 *
 * @param returns whether the model sees returns; else they are 0
 * @param scale that returns are divided by
 * @param statistics that states are standardised by
 */
public record FeatureRows(
    FeatureColumns columns, boolean returns, double scale, StateStatistics statistics) {
  public FeatureRows {
    if (statistics.size() != columns.stateSize()) {
      throw new IllegalArgumentException(
          "statistics of " + statistics.size() + " numbers for states of " + columns.stateSize());
    }
  }

  /**
   * Writes a position of the return that is still to come.
   *
   * @param row of the position among those of {@code into}, as below
   */
  public void toCome(double value, float[] into, int row) {
    into[begin(FeatureColumns.RETURN, into, row)] = returns ? (float) (value / scale) : 0;
  }

  /** Writes the position of a state, of which the numbers begin at {@code offset}. */
  public void state(float[] states, int offset, float[] into, int row) {
    int at = begin(FeatureColumns.STATE, into, row);
    for (int number = 0; number < columns.stateSize(); number++) {
      into[at + number] = statistics.standardise(number, states[offset + number]);
    }
  }

  /** Writes the position of an action, of which the numbers begin at {@code offset}. */
  public void action(float[] actions, int offset, float[] into, int row) {
    System.arraycopy(
        actions, offset, into, begin(FeatureColumns.ACTION, into, row), columns.actionSize());
  }

  /** Writes the position of a reward. */
  public void reward(float value, float[] into, int row) {
    into[begin(FeatureColumns.REWARD, into, row)] = value;
  }

  /** Flags the kind of a position, and returns where its numbers begin. */
  private int begin(int kind, float[] into, int row) {
    into[row * columns.width() + columns.flag(kind)] = 1;
    return row * columns.width() + columns.first(kind);
  }
}
