package ringattention.parallel;

/** Where a model gets its weights from, whole group by whole group. All calls are collective. */
public interface ParameterSource {
  /**
   * Starts bringing a group, unless it is there; the group last asked for by {@link #weights}
   * stays.
   */
  void prefetch(int group);

  /**
   * Returns the whole group in the compute type; valid until the group after the next is
   * prefetched.
   */
  Weights weights(int group);
}
