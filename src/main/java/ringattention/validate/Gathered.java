package ringattention.validate;

import java.util.List;
import ringattention.comm.Communicator;
import ringattention.shard.SequenceLayout;

/** Brings sharded rows back into the order of positions. */
final class Gathered {
  private Gathered() {}

  /**
   * @param shard [tokens of this rank, ...]
   * @return [length, ...] on rank 0, null on the others
   */
  static double[] rows(Communicator ring, SequenceLayout layout, double[] shard) {
    List<double[]> shards = ring.gather(shard);
    if (ring.rank() != 0) {
      return null;
    }
    int row = shard.length / layout.size(0);
    double[] whole = new double[layout.length() * row];
    for (int rank = 0; rank < layout.ranks(); rank++) {
      double[] values = shards.get(rank);
      for (int i = 0; i < layout.size(rank); i++) {
        System.arraycopy(values, i * row, whole, layout.position(rank, i) * row, row);
      }
    }
    return whole;
  }
}
