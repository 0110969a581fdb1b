package ringattention.plan;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Source;
import ringattention.input.Table;
import ringattention.input.Toml;
import ringattention.input.Trait;

/**
 * Section {@code [train]}: the loop, AdamW and its schedule (linear warm-up, then a cosine down to
 * the minimum).
 *
 * @param sequence tokens per sequence
 * @param batch sequences per step over all ranks
 * @param microBatch sequences that a ring takes at a time; 0: all of its share of the batch
 * @param steps updates; 0 where the input does not say, see {@link #requireSteps}
 * @param seed of initial weights and of the order of sequences
 * @param learningRate peak
 * @param minLearningRate at the last step
 * @param warmupSteps steps of linear warm-up
 * @param weightDecay decoupled, per unit of learning rate
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon added to the root of the second moment
 * @param clipNorm largest global norm of the gradient; 0 does not clip
 * @param reportEvery steps between progress lines
 * @param maxSkippedSteps steps in a row without an update, because loss or gradient are not finite
 */
public record TrainConfig(
    int sequence,
    int batch,
    int microBatch,
    int steps,
    long seed,
    double learningRate,
    double minLearningRate,
    int warmupSteps,
    double weightDecay,
    double beta1,
    double beta2,
    double epsilon,
    double clipNorm,
    int reportEvery,
    int maxSkippedSteps) {
  public static final Section<TrainConfig> SECTION =
      Section.required("train", "sequence", TrainConfig::read);

  private static final Range STEPS = Range.atLeast(1);

  /**
   * Checks what only those need who update weights: an evaluation takes no steps.
   *
   * @throws ringattention.input.InputException if the input does not say how many steps there are
   */
  public void requireSteps(Source source) {
    if (steps == 0) {
      throw source.missing("train.steps", "must be a whole number, " + STEPS.text());
    }
  }

  /** The same training on sequences of another length. */
  public TrainConfig withSequence(int tokens) {
    return with(tokens, batch, microBatch);
  }

  /** The same training with so many sequences per step, so many of a ring's at a time. */
  public TrainConfig withBatch(int sequences, int atATime) {
    return with(sequence, sequences, atATime);
  }

  private TrainConfig with(int sequence, int batch, int microBatch) {
    return new TrainConfig(
        sequence,
        batch,
        microBatch,
        steps,
        seed,
        learningRate,
        minLearningRate,
        warmupSteps,
        weightDecay,
        beta1,
        beta2,
        epsilon,
        clipNorm,
        reportEvery,
        maxSkippedSteps);
  }

  static TrainConfig read(Table table) {
    int sequence = table.integer("sequence", Range.atLeast(2), Default.required(8192));
    int batch = table.integer("batch", Range.atLeast(1), Default.of(1));
    int microBatch = table.integer("microBatch", Range.atLeast(0), Default.of(0));
    int steps = table.marked(Trait.FREE).optionalInteger("steps", STEPS).orElse(0);
    long seed = table.longInteger("seed", Range.ANY, Default.of(1L));
    double learningRate = table.single("learningRate", Range.POSITIVE, Default.of(3e-4));
    Default<Double> tenth = Default.derived(learningRate / 10, "learningRate / 10");
    double minLearningRate = table.single("minLearningRate", Range.atLeast(0), tenth);
    table.require(
        minLearningRate <= learningRate,
        "minLearningRate",
        "must be at most train.learningRate (" + Toml.write(learningRate) + ")");
    int warmupSteps =
        table.integer("warmupSteps", Range.atLeast(0), Default.derived(steps / 10, "steps / 10"));
    table.require(
        steps == 0 || warmupSteps <= steps,
        "warmupSteps",
        "must be at most train.steps (" + steps + ")");
    return new TrainConfig(
        sequence,
        batch,
        microBatch,
        steps,
        seed,
        learningRate,
        minLearningRate,
        warmupSteps,
        table.single("weightDecay", Range.atLeast(0), Default.of(0.1)),
        table.single("beta1", Range.FRACTION, Default.of(0.9)),
        table.single("beta2", Range.FRACTION, Default.of(0.95)),
        table.single("epsilon", Range.POSITIVE, Default.of(1e-8)),
        table.single("clipNorm", Range.atLeast(0), Default.of(1.0)),
        table.marked(Trait.FREE).integer("reportEvery", Range.atLeast(1), Default.of(1)),
        table.marked(Trait.FREE).integer("maxSkippedSteps", Range.atLeast(0), Default.of(3)));
  }
}
