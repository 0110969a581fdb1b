package ringattention.environment;

/**
 * Episodes of one environment side by side, all of the same length: they begin and end together. An
 * environment does the same beside others as alone. Nothing is allocated in a step. Not for several
 * threads at a time.
 *
 * <p>Observations and actions are vectors of floats. Where there are only so many actions, the
 * largest element of the vector says which is done, the first of several.
 */
public interface Environment {
  /** Returns how many episodes run side by side. */
  int count();

  /** Returns the numbers of one observation. */
  int observationSize();

  /** Returns the numbers of one action. */
  int actionSize();

  /** Returns the numbers of one state of physics; 0: it has none. */
  int physicsSize();

  /** Returns the steps of an episode. */
  int steps();

  /** Returns whether one action of several is chosen, instead of numbers within -1 and 1. */
  boolean discrete();

  /**
   * Begins an episode everywhere.
   *
   * @param tasks number of the hidden task of each environment; where tasks are not hidden there is
   *     one, and numbers do not count
   * @param seeds of what is random in each episode
   */
  void reset(long[] tasks, long[] seeds);

  /**
   * Does one step everywhere.
   *
   * @param actions (count, actionSize); what is outside -1 and 1 counts as these
   * @throws IllegalStateException if the episodes are done
   */
  void step(float[] actions);

  /** Returns whether the episodes have had all their steps. */
  boolean done();

  /** Returns what is observed now: (count, observationSize). The array is always the same. */
  float[] observations();

  /** Returns the rewards of the last step: (count). The array is always the same. */
  float[] rewards();

  /** Returns the states of physics: (count, physicsSize). The array is always the same. */
  double[] physics();

  /**
   * Writes what an expert does now who knows the hidden tasks.
   *
   * @param actions (count, actionSize)
   */
  void expert(float[] actions);
}
