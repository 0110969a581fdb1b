package ringattention.validate;

import java.util.Arrays;
import java.util.Optional;
import ringattention.data.Sample;
import ringattention.data.StepValues;
import ringattention.model.TrajectoryModel;
import ringattention.random.Seed;

/** Sequences of random numbers as a model of trajectories takes them: four positions a step. */
final class RandomTrajectories {
  private static final int KINDS = 4;
  private static final int STATE = 1; // the kind of which the action is learned

  private final TrajectoryModel model;

  RandomTrajectories(TrajectoryModel model) {
    this.model = model;
  }

  /**
   * Returns a sequence of one document; the last step may be cut.
   *
   * @param numbers decide all of it
   */
  Sample sample(int length, Seed numbers) {
    int features = model.features();
    float[] inputs = new float[length * features];
    float[] targets = new float[length * model.actionSize()];
    int[] steps = new int[length];
    int[] labels = new int[length];
    int[] positions = new int[length];
    Arrays.fill(labels, Sample.NO_LABEL);
    for (int i = 0; i < length; i++) {
      int kind = i % KINDS;
      steps[i] = i / KINDS % model.episodeSteps();
      positions[i] = i;
      for (int column = first(kind); column < first(kind + 1); column++) {
        inputs[i * features + column] = number(numbers, (long) i * features + column);
      }
      inputs[i * features + first(KINDS) + kind] = 1;
      if (kind == STATE) {
        labels[i] = 0;
        for (int j = 0; j < model.actionSize(); j++) {
          targets[i * model.actionSize() + j] =
              number(numbers, -1 - (long) i * model.actionSize() - j);
        }
      }
    }
    return new Sample(
        steps,
        labels,
        positions,
        new int[] {0},
        Optional.of(new StepValues(features, inputs, model.actionSize(), targets)));
  }

  /** Gives the first number of a position another value. */
  void change(Sample sample, int position) {
    float[] inputs = sample.values().orElseThrow().inputs();
    inputs[position * model.features() + first(position % KINDS)] += 1;
  }

  /** Returns the first column of a kind: of return, state, action, reward, and what is behind. */
  private int first(int kind) {
    return switch (kind) {
      case 0 -> 0;
      case STATE -> 1;
      case 2 -> 1 + model.stateSize();
      case 3 -> 1 + model.stateSize() + model.actionSize();
      default -> 2 + model.stateSize() + model.actionSize();
    };
  }

  /** Returns a multiple of 1/64 within one of 0, which bf16 holds. */
  private static float number(Seed numbers, long index) {
    return Math.floorMod(numbers.bits(index) >> 20, 129L) / 64f - 1;
  }
}
