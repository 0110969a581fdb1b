package ringattention.train;

/**
 * Linear warm-up, then a cosine from the peak to the minimum at the last step (Loshchilov and
 * Hutter 2017).
 *
 * @param warmupSteps steps until the peak; step 1 of warmupSteps already learns
 * @param steps of the whole run
 */
public record LearningRate(double peak, double minimum, long warmupSteps, long steps) {
  /**
   * @param step counted from 1
   */
  public double at(long step) {
    if (step <= warmupSteps) {
      return peak * step / warmupSteps;
    }
    double progress = (double) (step - warmupSteps) / Math.max(1, steps - warmupSteps);
    return minimum + 0.5 * (peak - minimum) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
  }
}
