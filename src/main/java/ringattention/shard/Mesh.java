package ringattention.shard;

/**
 * How the ranks of a job share the work, by named axes: rings of neighbouring ranks along {@code
 * ring}, which share a sequence; replicas along {@code data}, each of which takes its own
 * sequences. The ring is the inner axis: rank = data rank x ring + ring rank. Parameters are
 * sharded over both.
 *
 * @param data rings, the data-parallel size
 * @param ring ranks that share one sequence
 */
public record Mesh(int data, int ring) {
  public Mesh {
    if (data < 1 || ring < 1) {
      throw new IllegalArgumentException("a mesh of " + data + " x " + ring + " ranks");
    }
  }

  /**
   * Returns the mesh of so many ranks.
   *
   * @param world ranks in the job
   * @param ring divides world
   */
  public static Mesh of(int world, int ring) {
    if (world < 1 || ring < 1 || world % ring != 0) {
      throw new IllegalArgumentException(
          "rings of " + ring + " do not make up " + world + " ranks");
    }
    return new Mesh(world / ring, ring);
  }

  /** Returns how many ranks there are. */
  public int world() {
    return data * ring;
  }

  /** Returns a rank's place along the data axis: which ring it belongs to. */
  public int dataRank(int rank) {
    return rank / ring;
  }

  /** Returns a rank's place in its ring. */
  public int ringRank(int rank) {
    return rank % ring;
  }
}
