package ringattention.shard;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How the ranks of a job share the work, by named axes: neighbouring ranks along {@code tensor},
 * each of which computes its share of every block's products for the tokens of all of them; groups
 * of these along {@code heads}, which exchange tokens for heads before attention and back behind
 * it; rings of such groups along {@code ring}, which share a sequence; replicas along {@code data},
 * each of which takes its own sequences. The axes nest: rank = ((data rank x ring + ring rank) x
 * heads + heads rank) x tensor + tensor rank. What tensor ranks share of a parameter is sharded
 * over the other three axes, any other parameter over all four.
 *
 * @param data the data-parallel size: how many sequences are worked on at a time
 * @param ring groups that share one sequence; without exchange of heads and tensor ranks, ranks
 * @param heads ranks of a group that exchange heads; 1: heads are not exchanged
 * @param tensor ranks that share the products of a block; 1: every rank does its own
 * @param chunks in which a rank's heads are exchanged, one behind the work of the other; 1 where
 *     none are
 */
public record Mesh(int data, int ring, int heads, int tensor, int chunks) {
  public Mesh {
    if (data < 1 || ring < 1 || heads < 1 || tensor < 1 || chunks < 1 || heads == 1 && chunks > 1) {
      throw new IllegalArgumentException(
          "a mesh of "
              + data
              + " x "
              + ring
              + " x "
              + heads
              + " x "
              + tensor
              + " ranks, "
              + chunks
              + " chunks");
    }
  }

  /** Makes a mesh whose heads, if they are exchanged, go at once. */
  public Mesh(int data, int ring, int heads, int tensor) {
    this(data, ring, heads, tensor, 1);
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
   * Returns the mesh of so many ranks without tensor ranks.
   *
   * @param world ranks in the job
   * @param ring groups of a ring
   * @param heads ranks of a group; ring x heads divides world
   */
  public static Mesh of(int world, int ring, int heads) {
    return of(world, ring, heads, 1);
  }

  /**
   * Returns the mesh of so many ranks.
   *
   * @param world ranks in the job; ring x heads x tensor divides it
   */
  public static Mesh of(int world, int ring, int heads, int tensor) {
    if (world < 1
        || ring < 1
        || heads < 1
        || tensor < 1
        || world % ((long) ring * heads * tensor) != 0) {
      throw new IllegalArgumentException(
          "rings of "
              + ring
              + (heads == 1 ? "" : " groups of " + heads)
              + (tensor == 1 ? "" : " times " + tensor + " tensor ranks")
              + " do not make up "
              + world
              + " ranks");
    }
    return new Mesh(world / (ring * heads * tensor), ring, heads, tensor);
  }

  /** Returns the same where heads, if they are exchanged, go in so many chunks. */
  public Mesh inChunks(int ofHeads) {
    return new Mesh(data, ring, heads, tensor, heads == 1 ? 1 : ofHeads);
  }

  /** Returns how many ranks there are. */
  public int world() {
    return data * sharing();
  }

  /** Returns how many ranks share one sequence. */
  public int sharing() {
    return ring * heads * tensor;
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
    return sharingRank(rank) / (heads * tensor);
  }

  /**
   * Returns the rank that a rank sends its keys and values to: that at its place in the next group.
   */
  public int next(int rank) {
    int group = heads * tensor;
    return ringRank(rank) < ring - 1 ? rank + group : rank - group * (ring - 1);
  }

  /** Returns a rank's place among those that exchange heads: which heads it attends to. */
  public int headsRank(int rank) {
    return rank / tensor % heads;
  }

  /** Returns a rank's place among the tensor ranks: which share of products it computes. */
  public int tensorRank(int rank) {
    return rank % tensor;
  }

  /** Returns a rank's place among all that have its share of products and other tokens. */
  public int tokensRank(int rank) {
    return sharingRank(rank) / tensor;
  }

  /** Returns the ranks that a rank exchanges heads with, in order, itself among them. */
  public List<Integer> headsGroup(int rank) {
    int first = rank - headsRank(rank) * tensor;
    return IntStream.range(0, heads).mapToObj(place -> first + place * tensor).toList();
  }

  /** Returns the ranks that a rank shares products with, in order, itself among them. */
  public List<Integer> tensorGroup(int rank) {
    int first = rank - tensorRank(rank);
    return IntStream.range(first, first + tensor).boxed().toList();
  }

  /** Returns what tells apart the rings of one sequence: a rank's place along the inner axes. */
  public int insideRank(int rank) {
    return rank % (heads * tensor);
  }
}
