package ringattention.validate;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.shard.TokenLayout;

/** Brings sharded rows to rank 0, in the order of positions. */
final class Gathered {
  private Gathered() {}

  /**
   * @param shard [tokens of this rank, ...]
   * @return [length, ...] on rank 0, null on the others
   */
  static double[] rows(Communicator ring, TokenLayout layout, double[] shard) {
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
      Communicator ring, TokenLayout layout, int[] positions, IntFunction<double[]> row) {
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

  /** Some heads of [.., heads in row, size]. */
  static double[] columns(double[] rows, int[] heads, int headsInRow, int size) {
    int count = rows.length / (headsInRow * size);
    double[] some = new double[count * heads.length * size];
    for (int row = 0; row < count; row++) {
      for (int i = 0; i < heads.length; i++) {
        int from = (row * headsInRow + heads[i]) * size;
        System.arraycopy(rows, from, some, (row * heads.length + i) * size, size);
      }
    }
    return some;
  }

  /** The local indices of a rank that hold these positions, ascending. */
  private static int[] held(TokenLayout layout, int rank, int... positions) {
    return IntStream.of(positions)
        .map(position -> index(layout, rank, position))
        .filter(index -> index >= 0)
        .toArray();
  }

  /** The local index of a position on a rank, or -1: a shard's positions ascend. */
  static int index(TokenLayout layout, int rank, int position) {
    int from = 0;
    int to = layout.size(rank);
    while (from < to) {
      int middle = from + (to - from) / 2;
      if (layout.position(rank, middle) < position) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from < layout.size(rank) && layout.position(rank, from) == position ? from : -1;
  }
}
