package ringattention.device;

import java.util.List;

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

  /**
   * Starts an exchange within a group of ranks: each sends a part to every other. Called by all
   * ranks of a group, at the same time by those of other groups; what a rank keeps is no part.
   *
   * @param parts one for each other rank of the group, in the order of ranks; none on a rank alone
   * @param after when it may start: what is sent is complete and nothing uses what arrives
   */
  Completion allToAll(List<Part> parts, Completion after);

  /**
   * Returns collectives of the ranks that name the same color, in rank order, which are ranks 0 and
   * on of these. Called by all ranks.
   *
   * @param color 0 or more
   */
  Collectives split(int color);

  /**
   * What a rank exchanges with another.
   *
   * @param rank the other
   * @param send what it gets
   * @param receive where its own go, of the sizes of what it sends; overwritten
   */
  record Part(int rank, List<Tensor> send, List<Tensor> receive) {}
}
