package ringattention.plan;

import java.util.function.IntPredicate;

/** The search for the longest shard that has room. */
public final class LongestContext {
  private final int multiple;
  private final int most;

  /**
   * @param multiple tokens that lengths are multiples of
   * @param most tokens there can be
   */
  public LongestContext(int multiple, int most) {
    this.multiple = multiple;
    this.most = most / multiple;
  }

  /**
   * In tokens; 0 if not even one multiple fits. By doubling, then bisection.
   *
   * @param fits for some length and for every shorter one
   */
  public int search(IntPredicate fits) {
    int enough = 0;
    int tooMany = 1; // in multiples
    while (tooMany <= most && fits.test(tooMany * multiple)) {
      enough = tooMany;
      tooMany = (int) Math.min(2L * tooMany, most + 1L);
    }
    while (tooMany - enough > 1) {
      int middle = enough + (tooMany - enough) / 2;
      if (fits.test(middle * multiple)) {
        enough = middle;
      } else {
        tooMany = middle;
      }
    }
    return enough * multiple;
  }
}
