package ringattention.parallel;

/** Where a model's gradients go, whole group by whole group. All calls are collective. */
public interface GradientSink {
  /**
   * Returns room for the gradient of a whole group, zeroed, in the sum type; until {@link #reduce}
   * of the same group.
   */
  Weights gradients(int group);

  /**
   * Starts summing the group's gradient over all ranks, of which this rank's part is added to its
   * shard, beside the work that follows.
   */
  void reduce(int group);
}
