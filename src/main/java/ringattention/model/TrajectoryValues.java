package ringattention.model;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import ringattention.data.Sample;
import ringattention.data.StepValues;

/** The numbers of a batch of trajectories. They are many, so their memory is kept. */
final class TrajectoryValues {
  private final ModelConfig model;
  private double[] features = {}; // of the last batch
  private double[] targets = {};

  TrajectoryValues(ModelConfig model) {
    this.model = model;
  }

  /**
   * Demands the numbers of trajectories where the model begins with them, and only there.
   *
   * @throws IllegalArgumentException if samples have others
   */
  void require(Sample... samples) {
    for (Sample sample : samples) {
      boolean fits =
          model
              .trajectories()
              .map(
                  steps ->
                      sample
                          .values()
                          .filter(values -> values.features() == steps.features())
                          .filter(values -> values.actions() == steps.actionSize())
                          .isPresent())
              .orElse(sample.values().isEmpty());
      if (!fits) {
        throw new IllegalArgumentException(
            "a sequence with "
                + sample.values().map(v -> v.features() + " features").orElse("no features")
                + " for a model of "
                + model.features());
      }
    }
  }

  /**
   * Puts those of a rank on the device, if the model begins with any.
   *
   * @param held positions of the rank
   */
  void load(Transformer transformer, int[] held, Sample... samples) {
    model
        .trajectories()
        .ifPresent(
            steps -> {
              features = gathered(features, samples, held, steps.features(), StepValues::inputs);
              targets = gathered(targets, samples, held, steps.actionSize(), StepValues::targets);
              transformer.loadValues(features, targets);
            });
  }

  /**
   * Returns the numbers of some positions, [held, batch, columns].
   *
   * @param into where they go if it has room for just that many
   * @param part of a sample, [sequence, columns]
   */
  private static double[] gathered(
      double[] into,
      Sample[] samples,
      int[] held,
      int columns,
      Function<StepValues, float[]> part) {
    int size = held.length * samples.length * columns;
    double[] values = into.length == size ? into : new double[size];
    List<float[]> parts =
        Arrays.stream(samples).map(sample -> part.apply(sample.values().orElseThrow())).toList();
    IntStream.range(0, held.length)
        .parallel()
        .forEach(
            i -> {
              int to = i * samples.length * columns;
              for (float[] all : parts) {
                for (int from = held[i] * columns; from < (held[i] + 1) * columns; from++) {
                  values[to++] = all[from];
                }
              }
            });
    return values;
  }
}
