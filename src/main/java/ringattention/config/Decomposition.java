package ringattention.config;

/**
 * How the ranks of a run are divided: {@code ranks = ring x rings}.
 *
 * @param ranks all ranks of the job
 * @param ring ranks that share a sequence
 * @param rings groups that work on different sequences
 */
public record Decomposition(int ranks, int ring, int rings) {
  public Decomposition {
    if (ring < 1 || rings < 1 || ranks != ring * rings) {
      throw new IllegalArgumentException(ranks + " ranks as " + rings + " rings of " + ring);
    }
  }
}
