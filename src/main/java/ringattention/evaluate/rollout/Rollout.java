package ringattention.evaluate.rollout;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import ringattention.data.trajectories.FeatureRows;
import ringattention.environment.Environment;
import ringattention.infer.TrajectoryEngine;
import ringattention.random.Seed;

/**
 * Trials of a model in environments side by side. The model is asked for a return at the begin of
 * every trial, less the rewards since, and sees its own actions and their rewards. Every rank that
 * has the engine plays the same.
 */
final class Rollout {
  private final RolloutConfig config;
  private final RolloutSetup setup;
  private final FeatureRows rows;
  private final int first; // sequence of those of the run
  private final int count;
  private final Environment environment;
  private final Context context;
  private final Actions actions;
  private final CRC32 digest = new CRC32();
  private long unusable; // outputs that are no numbers

  /**
   * @param engine whose sequences are empty
   * @param first which of the run's sequences the engine's first is
   */
  Rollout(RolloutSetup setup, FeatureRows rows, TrajectoryEngine engine, int first) {
    this.config = setup.config();
    this.setup = setup;
    this.rows = rows;
    this.first = first;
    this.count = engine.sequences();
    this.environment = config.open(count);
    this.context =
        new Context(
            engine, config.contextSteps() > 0 || config.contextTrials() < config.trials() - 1);
    this.actions = new Actions(environment.discrete(), config.sampled(), config.noise());
  }

  /**
   * Plays the next trial of every sequence.
   *
   * @param trial from 0 on
   * @return the sum of the rewards of each
   */
  double[] play(int trial) {
    digest.reset();
    if (config.contextSteps() > 0) {
      context.keep(0);
    } else if (config.contextTrials() < config.trials() - 1) {
      context.keep(2 * setup.steps() * config.contextTrials());
    }
    Seed[] numbers = begin(trial);
    double[] returns = new double[count];
    double[] toCome = new double[count];
    Arrays.fill(toCome, setup.target());
    float[] chosen = new float[count * environment.actionSize()];
    for (int step = 0; !environment.done(); step++) {
      observe(step, toCome);
      choose(numbers, step, chosen);
      environment.step(chosen);
      note(step, chosen);
      float[] rewards = environment.rewards();
      for (int i = 0; i < count; i++) {
        toCome[i] -= rewards[i];
        returns[i] += rewards[i];
      }
    }
    return returns;
  }

  /** Begins an episode of every sequence, and returns what its random actions are drawn by. */
  private Seed[] begin(int trial) {
    long[] tasks = new long[count];
    long[] seeds = new long[count];
    Seed[] numbers = new Seed[count];
    Seed run = Seed.of(config.seed(), "rollout");
    for (int i = 0; i < count; i++) {
      tasks[i] = config.task(first + i);
      seeds[i] = Seed.of(run.bits(first + i), "trial").bits(trial);
      numbers[i] = Seed.of(seeds[i], "noise");
    }
    environment.reset(tasks, seeds);
    return numbers;
  }

  /** Adds the positions of return and state. */
  private void observe(int step, double... toCome) {
    float[] features = new float[count * 2 * rows.columns().width()];
    for (int i = 0; i < count; i++) {
      rows.toCome(toCome[i], features, 2 * i);
      int offset = i * environment.observationSize();
      rows.state(environment.observations(), offset, features, 2 * i + 1);
    }
    context.add(step, features);
    if (config.contextSteps() > 0) {
      context.keep(2 * config.contextSteps() - 1); // the last step has no action yet
    }
  }

  private void choose(Seed[] numbers, int step, float... chosen) {
    double[][] outputs = context.outputs();
    for (int i = 0; i < count; i++) {
      unusable += Arrays.stream(outputs[i]).filter(value -> !Double.isFinite(value)).count();
      actions.write(outputs[i], numbers[i], step, chosen, i);
    }
  }

  /** Adds the positions of action and reward. */
  private void note(int step, float... chosen) {
    float[] features = new float[count * 2 * rows.columns().width()];
    float[] rewards = environment.rewards();
    for (int i = 0; i < count; i++) {
      rows.action(chosen, i * environment.actionSize(), features, 2 * i);
      rows.reward(rewards[i], features, 2 * i + 1);
    }
    context.add(step, features);
    for (float[] part : new float[][] {chosen, rewards}) {
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * part.length);
      bytes.asFloatBuffer().put(part);
      digest.update(bytes.array());
    }
  }

  /** Returns a number for all actions and rewards of the last trial. */
  long digest() {
    return digest.getValue();
  }

  /** Returns how many outputs of the model were no numbers, or not finite. */
  long unusable() {
    return unusable;
  }
}
