package ringattention.plan;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Source;
import ringattention.input.Table;
import ringattention.input.Toml;
import ringattention.input.Trait;
import ringattention.parallel.Parameter;

/**
 * Section {@code [train]}: the loop, AdamW and the schedule of its learning rate.
 *
 * @param sequence tokens per sequence
 * @param batch sequences per step over all ranks
 * @param microBatch sequences that a ring takes at a time; 0: all of its share of the batch
 * @param steps updates; 0 where the input does not say, see {@link #requireSteps}
 * @param seed of initial weights and of the order of sequences
 * @param schedule of the learning rate after its warm-up
 * @param learningRate peak
 * @param minLearningRate at the last step; the peak if the schedule is constant
 * @param warmupSteps steps of linear warm-up, as many as the input asks for: the run may have fewer
 * @param decaySteps last steps, over which the rate of {@link Schedule#WSD} goes down, as many as
 *     the input asks for; 0 with another schedule
 * @param weightDecay decoupled, per unit of learning rate
 * @param noDecay parts of names of the parameters that weight decay leaves alone
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon added to the root of the second moment
 * @param clipNorm largest global norm of the gradient; 0 does not clip
 * @param reportEvery steps between progress lines
 * @param maxSkippedSteps steps in a row without an update, because loss or gradient are not finite
 * @param exactRate whether every step counts the questions that are answered exactly
 */
public record TrainConfig(
    int sequence,
    int batch,
    int microBatch,
    int steps,
    long seed,
    Schedule schedule,
    double learningRate,
    double minLearningRate,
    int warmupSteps,
    int decaySteps,
    double weightDecay,
    List<String> noDecay,
    double beta1,
    double beta2,
    double epsilon,
    double clipNorm,
    int reportEvery,
    int maxSkippedSteps,
    boolean exactRate) {
  /** The default of {@code noDecay}, as transformers' Trainer has it. */
  static final List<String> NO_DECAY = List.of("norm", "bias");

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

  /** Returns whether a parameter shrinks by weight decay. */
  public boolean decays(Parameter parameter) {
    return noDecay.stream().noneMatch(parameter.name()::contains);
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
        schedule,
        learningRate,
        minLearningRate,
        warmupSteps,
        decaySteps,
        weightDecay,
        noDecay,
        beta1,
        beta2,
        epsilon,
        clipNorm,
        reportEvery,
        maxSkippedSteps,
        exactRate);
  }

  static TrainConfig read(Table table) {
    int sequence = table.integer("sequence", Range.atLeast(2), Default.required(8192));
    int batch = table.integer("batch", Range.atLeast(1), Default.of(1));
    int microBatch = table.integer("microBatch", Range.atLeast(0), Default.of(0));
    int steps = table.marked(Trait.FREE).optionalInteger("steps", STEPS).orElse(0);
    long seed = table.longInteger("seed", Range.ANY, Default.of(1L));
    Schedule schedule = table.choice("schedule", Schedule.class, Default.of(Schedule.COSINE));
    double learningRate = table.single("learningRate", Range.POSITIVE, Default.of(3e-4));
    String ignored = "must not be given with train.schedule = " + Toml.write(schedule);
    boolean falls = schedule != Schedule.CONSTANT;
    Default<Double> tenth =
        Default.derived(falls ? learningRate / 10 : learningRate, "learningRate / 10");
    double minLearningRate = table.single("minLearningRate", Range.atLeast(0), tenth);
    table.require(falls || minLearningRate == learningRate, "minLearningRate", ignored);
    table.require(
        minLearningRate <= learningRate,
        "minLearningRate",
        "must be at most train.learningRate (" + Toml.write(learningRate) + ")");
    int warmupSteps =
        table.integer("warmupSteps", Range.atLeast(0), Default.derived(steps / 10, "steps / 10"));
    int decaySteps = decaySteps(table.marked(Trait.FREE), schedule == Schedule.WSD, steps, ignored);
    return new TrainConfig(
        sequence,
        batch,
        microBatch,
        steps,
        seed,
        schedule,
        learningRate,
        minLearningRate,
        warmupSteps,
        decaySteps,
        table.single("weightDecay", Range.atLeast(0), Default.of(0.1)),
        table.texts("noDecay", Default.of(NO_DECAY)),
        table.single("beta1", Range.FRACTION, Default.of(0.9)),
        table.single("beta2", Range.FRACTION, Default.of(0.95)),
        table.single("epsilon", Range.POSITIVE, Default.of(1e-8)),
        table.single("clipNorm", Range.atLeast(0), Default.of(1.0)),
        table.marked(Trait.FREE).integer("reportEvery", Range.atLeast(1), Default.of(1)),
        table.marked(Trait.FREE).integer("maxSkippedSteps", Range.atLeast(0), Default.of(3)),
        table.flag("exactRate", Default.of(false)));
  }

  private static int decaySteps(Table table, boolean wsd, int steps, String ignored) {
    Default<Integer> tenth =
        Default.derived(wsd ? Math.max(1, steps / 10) : 0, "steps / 10, at least 1, with wsd");
    int decaySteps = table.integer("decaySteps", Range.atLeast(0), tenth);
    table.require(wsd || decaySteps == 0, "decaySteps", ignored);
    table.require(!wsd || decaySteps > 0, "decaySteps", "must be at least 1 with wsd");
    return decaySteps;
  }
}
