package ringattention.validate;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.shard.SequenceLayout;

/** Brings sharded rows to rank 0, in the order of positions. */
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

  /**
   * Some rows only.
   *
   * @param positions ascending
   * @param row the values at one of this rank's local indices; called for the sampled ones
   * @return [positions, ...] on rank 0, null on the others
   */
  static double[] sample(
      Communicator ring, SequenceLayout layout, int[] positions, IntFunction<double[]> row) {
    double[] mine =
        IntStream.of(held(layout, ring.rank(), positions))
            .mapToObj(row)
            .flatMapToDouble(DoubleStream::of)
            .toArray();
    List<double[]> parts = ring.gather(mine);
    if (ring.rank() != 0) {
      return null;
    }
    int size = parts.stream().mapToInt(part -> part.length).sum() / positions.length;
    double[] rows = new double[positions.length * size];
    for (int rank = 0; rank < layout.ranks(); rank++) {
      int next = 0;
      for (int index : held(layout, rank, positions)) {
        int at = Arrays.binarySearch(positions, layout.position(rank, index));
        System.arraycopy(parts.get(rank), next * size, rows, at * size, size);
        next++;
      }
    }
    return rows;
  }

  /** The local indices of a rank that hold these positions. */
  private static int[] held(SequenceLayout layout, int rank, int... positions) {
    return IntStream.range(0, layout.size(rank))
        .filter(index -> Arrays.binarySearch(positions, layout.position(rank, index)) >= 0)
        .toArray();
  }
}
