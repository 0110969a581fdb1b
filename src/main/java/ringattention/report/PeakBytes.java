package ringattention.report;

/**
 * Planned and measured bytes of the rank that holds most.
 *
 * @param planned on the device
 * @param peak measured by the device's own counter
 * @param plannedHost host memory that the device copies to and from
 * @param peakHost measured, of that
 */
public record PeakBytes(long planned, long peak, long plannedHost, long peakHost) {}
