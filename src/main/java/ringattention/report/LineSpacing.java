package ringattention.report;

/**
 * When a progress line is due: in a run of hours the log is to be read by people, too.
 *
 * <p>A run that takes at most {@link #LONG_RUN_S} prints every line it is asked for, and so does a
 * longer one in its first minute.
 */
public final class LineSpacing {
  static final double LONG_RUN_S = 600;
  private static final double FIRST_S = 60;

  private final double leastS;
  private double last;

  /**
   * @param leastS seconds between lines of a long run; 0: no limit
   */
  public LineSpacing(double leastS) {
    this.leastS = leastS;
  }

  /**
   * Whether to print a line now; if so, it is taken to be printed.
   *
   * @param elapsedS since the first step began
   * @param expectedS what the whole run will take
   */
  public boolean due(double elapsedS, double expectedS) {
    boolean free = leastS == 0 || expectedS <= LONG_RUN_S || elapsedS <= FIRST_S;
    if (free || elapsedS - last >= leastS) {
      last = elapsedS;
      return true;
    }
    return false;
  }
}
