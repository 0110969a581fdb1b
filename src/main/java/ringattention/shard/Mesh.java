package ringattention.shard;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How the ranks of a job share the work, by named axes: groups of neighbouring ranks along {@code
 * heads}, which exchange tokens for heads before attention and back behind it; rings of such groups
 * along {@code ring}, which share a sequence; replicas along {@code data}, each of which takes its
 * own sequences. Heads are the inner axis: rank = (data rank x ring + ring rank) x heads + heads
 * rank. Parameters are sharded over all three.
 *
 * @param data the data-parallel size: how many sequences are worked on at a time
 * @param ring groups that share one sequence; without exchange of heads, ranks
 * @param heads ranks of a group; 1: heads are not exchanged
 * @param chunks in which a rank's heads are exchanged, one behind the work of the other; 1 where
 *     none are
 */
public record Mesh(int data, int ring, int heads, int chunks) {
  public Mesh {
    if (data < 1 || ring < 1 || heads < 1 || chunks < 1 || heads == 1 && chunks > 1) {
      throw new IllegalArgumentException(
          "a mesh of " + data + " x " + ring + " x " + heads + " ranks, " + chunks + " chunks");
    }
  }

  /**
   * Returns the mesh of so many ranks without exchange of heads.
   *
   * @param world ranks in the job
   * @param ring divides world
   */
  public static Mesh of(int world, int ring) {
    return of(world, ring, 1);
  }

  /**
   * Returns the mesh of so many ranks.
   *
   * @param world ranks in the job
   * @param ring groups of a ring
   * @param heads ranks of a group; ring x heads divides world
   */
  public static Mesh of(int world, int ring, int heads) {
    if (world < 1 || ring < 1 || heads < 1 || world % ((long) ring * heads) != 0) {
      throw new IllegalArgumentException(
          "rings of "
              + ring
              + (heads == 1 ? "" : " groups of " + heads)
              + " do not make up "
              + world
              + " ranks");
    }
    return new Mesh(world / (ring * heads), ring, heads, 1);
  }

  /** Returns the same where heads, if they are exchanged, go in so many chunks. */
  public Mesh inChunks(int ofHeads) {
    return new Mesh(data, ring, heads, heads == 1 ? 1 : ofHeads);
  }

  /** Returns how many ranks there are. */
  public int world() {
    return data * sharing();
  }

  /** Returns how many ranks share one sequence. */
  public int sharing() {
    return ring * heads;
  }

  /** Returns a rank's place along the data axis: which sequences it works on. */
  public int dataRank(int rank) {
    return rank / sharing();
  }

  /** Returns a rank's place among those that share its sequences: which tokens it holds. */
  public int sharingRank(int rank) {
    return rank % sharing();
  }

  /** Returns the place of a rank's group in its ring. */
  public int ringRank(int rank) {
    return sharingRank(rank) / heads;
  }

  /**
   * Returns the rank that a rank sends its keys and values to: that at its place in the next group.
   */
  public int next(int rank) {
    int last = heads * (ring - 1);
    return ringRank(rank) < ring - 1 ? rank + heads : rank - last;
  }

  /** Returns a rank's place in its group: which heads it attends to. */
  public int headsRank(int rank) {
    return rank % heads;
  }

  /** Returns the ranks of a rank's group, in order, itself among them. */
  public List<Integer> headsGroup(int rank) {
    int first = rank - headsRank(rank);
    return IntStream.range(first, first + heads).boxed().toList();
  }
}
