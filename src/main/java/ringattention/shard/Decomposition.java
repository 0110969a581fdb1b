package ringattention.shard;

/**
 * How the ranks of a job share the work: rings of neighbouring ranks, each ring a replica that
 * takes its own sequences. Parameters are sharded over all ranks.
 *
 * @param world ranks in the job
 * @param ring ranks that share one sequence; divides world
 */
public record Decomposition(int world, int ring) {
  public Decomposition {
    if (world < 1 || ring < 1 || world % ring != 0) {
      throw new IllegalArgumentException(
          "rings of " + ring + " do not make up " + world + " ranks");
    }
  }

  /** How many rings there are: the data-parallel size. */
  public int replicas() {
    return world / ring;
  }

  /** Which ring a rank belongs to. */
  public int replica(int rank) {
    return rank / ring;
  }

  /** A rank's place in its ring. */
  public int ringRank(int rank) {
    return rank % ring;
  }
}
