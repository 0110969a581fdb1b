package ringattention.evaluate.suite;

/**
 * Wilson's interval: where the true share lies, with a confidence of 95%, if the cases are
 * independent of each other (E. B. Wilson 1927).
 */
record Wilson(double low, double high) {
  private static final double Z = 1.959963984540054; // of 95%, two-sided

  /**
   * @param correct from 0 to cases; the sum of shares where cases may be right in part
   * @param cases at least 1
   */
  static Wilson of(double correct, int cases) {
    double share = correct / cases;
    double weight = Z * Z / cases;
    double middle = (share + weight / 2) / (1 + weight);
    double half = Z * Math.sqrt(share * (1 - share) / cases + weight / (4 * cases)) / (1 + weight);
    return new Wilson(Math.max(0, middle - half), Math.min(1, middle + half));
  }
}
