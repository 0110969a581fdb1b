package ringattention.train;

import java.util.Optional;
import ringattention.metrics.Mfu;
import ringattention.model.Answers;
import ringattention.report.DataSeen;
import ringattention.report.StepAnswers;
import ringattention.report.StepRecord;

/**
 * One training step, the same on every rank.
 *
 * @param step counted from 1
 * @param labels that count in the whole batch, over all ranks
 * @param loss mean over the labels, in the unit of the model's loss; NaN where there are none
 * @param gradientNorm before clipping
 * @param seconds wall time of the slowest rank
 * @param squares sum of the squared lengths of all documents of the batch
 * @param skipped why the weights stayed as they were; empty after an update
 * @param stop why the run is to stop after this step, if it is
 * @param answers to the questions of the whole batch; empty where they are not counted
 */
public record StepResult(
    long step,
    long labels,
    double loss,
    double gradientNorm,
    double learningRate,
    double seconds,
    double squares,
    String skipped,
    Stop stop,
    Optional<Answers> answers) {
  /** Returns whether there was anything to learn; a step without labels changes no weight. */
  public boolean labelled() {
    return labels > 0;
  }

  /**
   * Returns what files say of the step.
   *
   * @param tokens of the step over all ranks
   * @param mfu empty where no peak is known
   * @param validationLoss mean held-out loss after it; empty where not measured
   * @param seen up to its end
   * @param level of its questions, counted from 0
   */
  StepRecord record(
      double tokens, Optional<Mfu> mfu, Optional<Double> validationLoss, DataSeen seen, int level) {
    return new StepRecord(
        step,
        labelled(),
        loss,
        gradientNorm,
        learningRate,
        seconds,
        tokens / seconds,
        mfu,
        validationLoss,
        Optional.of(seen),
        answers.map(all -> new StepAnswers(all.exactRate(), all.digitRate(), level + 1)));
  }
}
