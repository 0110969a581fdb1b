package ringattention.train;

import ringattention.plan.Schedule;
import ringattention.plan.TrainConfig;

/**
 * The learning rate of every step: a linear warm-up to the peak, then what the schedule says.
 *
 * @param minimum what it goes down to
 * @param warmupSteps steps until the peak; step 1 of warmupSteps already learns
 * @param decaySteps last steps, over which {@link Schedule#WSD} goes down; others do not ask
 * @param steps of the whole run, at least warmupSteps + decaySteps
 */
public record LearningRate(
    Schedule schedule, double peak, double minimum, long warmupSteps, long decaySteps, long steps) {
  /**
   * Returns the schedule of a training run. One with fewer steps than its warm-up asks for reaches
   * the peak at its last step; a decay has no more steps than the warm-up leaves.
   */
  public static LearningRate of(TrainConfig train) {
    int warmup = Math.min(train.warmupSteps(), train.steps());
    return new LearningRate(
        train.schedule(),
        train.learningRate(),
        train.minLearningRate(),
        warmup,
        Math.min(train.decaySteps(), train.steps() - warmup),
        train.steps());
  }

  /**
   * Returns the rate of a step.
   *
   * @param step counted from 1
   */
  public double at(long step) {
    if (step <= warmupSteps) {
      return peak * step / warmupSteps;
    }
    return switch (schedule) {
      case COSINE ->
          minimum + 0.5 * (peak - minimum) * (1 + Math.cos(Math.PI * progress(step, warmupSteps)));
      case LINEAR -> line(progress(step, warmupSteps));
      case CONSTANT -> peak;
      case WSD -> step <= steps - decaySteps ? peak : line(progress(step, steps - decaySteps));
    };
  }

  /** Returns the share of the steps after the given one that a step is the end of. */
  private double progress(long step, long after) {
    return Math.min(1, (double) (step - after) / Math.max(1, steps - after));
  }

  private double line(double progress) {
    return minimum + (peak - minimum) * (1 - progress);
  }
}
