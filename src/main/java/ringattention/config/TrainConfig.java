package ringattention.config;

/**
 * The training run.
 *
 * @param sequence positions of one sequence
 * @param batch sequences of one step, over all ranks
 * @param steps of the whole run
 * @param seed of weights and data
 * @param learningRate peak
 * @param minLearningRate at the last step
 * @param warmupSteps steps of linear warm-up
 * @param weightDecay decoupled; not applied to norms
 * @param clipNorm largest global gradient norm; 0: no clipping
 * @param reportEvery steps between lines in the log
 */
public record TrainConfig(
    int sequence,
    int batch,
    long steps,
    long seed,
    double learningRate,
    double minLearningRate,
    long warmupSteps,
    double weightDecay,
    double beta1,
    double beta2,
    double epsilon,
    double clipNorm,
    int reportEvery) {
  private static final double BELOW_ONE = Math.nextDown(1.0);

  static TrainConfig read(Table table) {
    int sequence = table.integer("sequence", null, 2, Integer.MAX_VALUE - 1);
    int batch = table.integer("batch", 1, 1, Integer.MAX_VALUE);
    long steps = table.whole("steps", null, 1, Long.MAX_VALUE);
    double learningRate = table.positive("learningRate", 3e-4);
    double minLearningRate =
        table.number("minLearningRate", 0.1 * learningRate, 0, Double.POSITIVE_INFINITY);
    table.require(
        minLearningRate <= learningRate,
        "minLearningRate",
        () -> "must be at most train.learningRate = " + learningRate);
    return new TrainConfig(
        sequence,
        batch,
        steps,
        table.whole("seed", 1L, Long.MIN_VALUE, Long.MAX_VALUE),
        learningRate,
        minLearningRate,
        table.whole("warmupSteps", 0L, 0, Long.MAX_VALUE),
        table.number("weightDecay", 0.1, 0, Double.POSITIVE_INFINITY),
        table.number("beta1", 0.9, 0, BELOW_ONE),
        table.number("beta2", 0.95, 0, BELOW_ONE),
        table.positive("epsilon", 1e-8),
        table.number("clipNorm", 1.0, 0, Double.POSITIVE_INFINITY),
        table.integer("reportEvery", 1, 1, Integer.MAX_VALUE));
  }
}
