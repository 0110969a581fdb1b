package ringattention.checkpoint;

/**
 * How far a run has come in the levels of what it learns from.
 *
 * @param level that the next step learns from, counted from 0
 * @param average moving average of the exact rate of the level
 * @param steps done at it
 */
public record CurriculumPosition(int level, double average, long steps) {
  /** Where every run begins, and one without a curriculum stays. */
  public static final CurriculumPosition START = new CurriculumPosition(0, 0, 0);
}
