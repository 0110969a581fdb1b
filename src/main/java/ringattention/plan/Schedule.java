package ringattention.plan;

/**
 * How the learning rate goes on after its linear warm-up. {@link #toString} is the spelling in
 * TOML.
 */
public enum Schedule {
  /** Half a cosine, down to the minimum at the last step (Loshchilov and Hutter 2017). */
  COSINE("cosine"),
  /** A straight line, down to the minimum at the last step. */
  LINEAR("linear"),
  /** It stays at the peak. */
  CONSTANT("constant"),
  /**
   * Warm-up, stable, decay (Hu et al. 2024, MiniCPM): it stays at the peak, and a straight line
   * goes down to the minimum over the last steps.
   */
  WSD("wsd");

  private final String spelling;

  Schedule(String spelling) {
    this.spelling = spelling;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
