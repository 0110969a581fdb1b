package ringattention.metrics;

/**
 * Floating-point operations of one training step over all devices, in the three counts of {@link
 * ModelFlops}.
 */
public record StepFlops(double causalExact, double paper, double hardware) {
  /**
   * @param seconds the step took
   * @param peak FLOP per second of one device
   */
  public Mfu mfu(double seconds, int devices, double peak) {
    double possible = seconds * devices * peak;
    return new Mfu(causalExact / possible, paper / possible, hardware / possible);
  }
}
