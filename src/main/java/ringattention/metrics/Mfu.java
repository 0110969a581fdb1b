package ringattention.metrics;

/**
 * Model FLOP utilization (MFU) in the three counts of {@link StepFlops}, each as a share of the
 * devices' peak. Shares in different counts cannot be compared.
 */
public record Mfu(double causalExact, double paper, double hardware) {}
