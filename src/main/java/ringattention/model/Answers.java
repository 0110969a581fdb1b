package ringattention.model;

/**
 * How many questions a model answered, over all ranks. A question is a maximal run of consecutive
 * labels that count within a document; its answer is exact if every label of the run was the greedy
 * prediction.
 *
 * @param questions that were asked
 * @param exact questions whose answers are wholly right
 * @param labels of all questions
 * @param hits labels that were the greedy prediction
 */
public record Answers(long questions, long exact, long labels, long hits) {
  /** Numbers that {@link ExactAnswers#sums} gives. */
  public static final int VALUES = 4;

  /**
   * Returns the answers of all ranks.
   *
   * @param sums those of {@link ExactAnswers#sums}, added up over all ranks
   * @param at where they begin
   */
  public static Answers of(double[] sums, int at) {
    return new Answers(
        (long) sums[at], (long) sums[at + 1], (long) sums[at + 2], (long) sums[at + 3]);
  }

  /** Returns the share of questions that were answered exactly; NaN without questions. */
  public double exactRate() {
    return (double) exact / questions;
  }

  /** Returns the share of labels that were the greedy prediction; NaN without questions. */
  public double digitRate() {
    return (double) hits / labels;
  }
}
