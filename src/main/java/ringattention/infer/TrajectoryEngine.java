package ringattention.infer;

/**
 * A model of trajectories and what it has seen of sequences side by side, which begin empty and
 * grow alike. All calls are collective: every rank makes them in the same order with the same
 * arguments, and gets the same bits. It is used by one thread.
 */
public interface TrajectoryEngine extends AutoCloseable {
  /** Returns how many sequences there are. */
  int sequences();

  /**
   * Appends as many positions to each sequence; each sees those before it.
   *
   * @param steps at least one: the step of its episode that each position is of
   * @param features [sequences, positions, features of the model]
   * @return the outputs at the last position of each sequence, [sequences][actions]: actions before
   *     their hyperbolic tangent
   * @throws IllegalStateException if a sequence grows longer than was asked for
   */
  double[][] append(int[] steps, float... features);

  /** Makes all sequences empty. */
  void clear();

  @Override
  void close();
}
