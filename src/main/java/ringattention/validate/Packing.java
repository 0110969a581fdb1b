package ringattention.validate;

import java.util.ArrayList;
import java.util.TreeSet;
import ringattention.random.Seed;
import ringattention.shard.Documents;
import ringattention.shard.TokenLayout;

/** Documents to pack a sequence from: where a boundary may go wrong, there is one. */
public final class Packing {
  private Packing() {}

  /**
   * Documents that begin with a rank's shard and in the middle of it, where chunks of the zigzag
   * end, one of a single token, and others that begin anywhere. Few documents have the first of
   * these.
   *
   * @param count of documents, at most the layout's length
   */
  public static Documents of(int count, TokenLayout layout, long seed) {
    Seed numbers = Seed.of(seed, "documents");
    int length = layout.length();
    int rank = layout.ranks() / 2;
    int single = number(numbers, 0, length - 1);
    int[] wanted = {
      0, layout.position(rank, layout.size(rank) / 2), single, single + 1, layout.position(rank, 0)
    };
    TreeSet<Integer> starts = new TreeSet<>();
    for (int i = 0; starts.size() < count; i++) {
      starts.add(i < wanted.length ? wanted[i] : number(numbers, i, length));
    }
    return new Documents(new ArrayList<>(starts));
  }

  private static int number(Seed numbers, int index, int below) {
    return (int) Long.remainderUnsigned(numbers.bits(index), below);
  }
}
