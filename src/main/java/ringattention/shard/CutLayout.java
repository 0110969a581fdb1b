package ringattention.shard;

/**
 * The layout of ranks that exchange heads, or share products: every shard of a ring is cut in parts
 * of neighbouring local indices, the larger ones first, one for each rank of a group. Together a
 * group holds what one rank of the ring would, in its order, so the work around the ring is spread
 * as it is without groups. Group g has the ranks g parts to g parts + parts - 1.
 *
 * @param ring layout over the groups, which may be parts themselves
 * @param parts ranks of a group
 */
public record CutLayout(TokenLayout ring, int parts) implements TokenLayout {
  public CutLayout {
    if (parts < 1 || ring.length() < 2L * parts * ring.ranks()) {
      throw new IllegalArgumentException(
          ring.length()
              + " positions over "
              + ring.ranks()
              + " groups of "
              + parts
              + " ranks: at least two positions a rank are needed");
    }
  }

  @Override
  public int length() {
    return ring.length();
  }

  @Override
  public int ranks() {
    return ring.ranks() * parts;
  }

  @Override
  public int size(int rank) {
    return chunks(rank).size(rank % parts);
  }

  @Override
  public int position(int rank, int index) {
    return ring.position(rank / parts, from(rank) + index);
  }

  /** Returns where a rank's part begins among the local indices of its group's shard. */
  public int from(int rank) {
    return chunks(rank).start(rank % parts);
  }

  private Chunks chunks(int rank) {
    return new Chunks(ring.size(rank / parts), parts);
  }
}
