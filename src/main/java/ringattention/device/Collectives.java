package ringattention.device;

/**
 * Collectives over the memory of all ranks' devices, made beside the work of each. Every rank makes
 * the same calls in the same order.
 */
public interface Collectives {
  /**
   * Starts gathering equal parts of all ranks.
   *
   * @param part [elements]
   * @param whole [ranks * elements], the parts in rank order, of the same type
   * @param after when it may start: the part is complete and nothing uses the former whole
   */
  Completion allGather(Tensor part, Tensor whole, Completion after);

  /**
   * Starts a sum over all ranks, of which each gets its part.
   *
   * @param whole [ranks * elements]
   * @param part [elements], of the same type, overwritten
   * @param after as in {@link #allGather}
   */
  Completion reduceScatter(Tensor whole, Tensor part, Completion after);
}
