package ringattention.device;

/**
 * The extents of {@link Kernels#copyHeads}: heads lie side by side, so it is a copy of {@code
 * length} neighbouring elements of every row.
 *
 * @param rows tokens * batch
 * @param length elements copied of a row
 * @param fromRow elements of a row of the source
 * @param fromStart first element copied, counted in the row
 * @param toRow elements of a row of the target
 * @param toStart where it goes
 */
public record HeadCopy(
    long rows, long length, long fromRow, long fromStart, long toRow, long toStart) {

  /**
   * @throws IllegalArgumentException if the shapes do not fit or a head is not there
   */
  public static HeadCopy of(Tensor from, int fromHead, Tensor to, int toHead, int heads) {
    boolean alike =
        from.rank() == 4
            && to.rank() == 4
            && from.dim(0) == to.dim(0)
            && from.dim(1) == to.dim(1)
            && from.dim(3) == to.dim(3);
    boolean inside =
        alike
            && fromHead >= 0
            && toHead >= 0
            && heads >= 0
            && (long) fromHead + heads <= from.dim(2)
            && (long) toHead + heads <= to.dim(2);
    if (!inside) {
      throw new IllegalArgumentException(
          heads + " heads from " + fromHead + " of " + from + " to " + toHead + " of " + to);
    }
    long headSize = from.dim(3);
    return new HeadCopy(
        Math.multiplyExact(from.dim(0), from.dim(1)),
        heads * headSize,
        from.dim(2) * headSize,
        fromHead * headSize,
        to.dim(2) * headSize,
        toHead * headSize);
  }
}
