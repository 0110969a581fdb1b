package ringattention.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.input.Configuration;

/**
 * What a corpus of trajectories is to a model.
 *
 * @param lines about all of it
 * @param sequences lines about each of the first
 */
public record TrajectoryPreview(List<String> lines, List<List<String>> sequences) {
  private static final int STEPS = 5; // of a sequence that are shown

  public TrajectoryPreview {
    lines = List.copyOf(lines);
    sequences = List.copyOf(sequences);
  }

  /**
   * Reads the corpus of section {@code [data]}.
   *
   * @param shape of the run's sequences, if it is known
   * @param count of sequences that are shown
   * @throws ringattention.input.InputException if anything of the sections is wrong
   */
  public static TrajectoryPreview of(
      Configuration configuration, Optional<SampleShape> shape, int count) {
    OptionalInt length =
        shape.isPresent() ? OptionalInt.of(shape.get().sequence()) : OptionalInt.empty();
    long seed = shape.map(SampleShape::seed).orElse(0L);
    try (TrajectorySamples samples = new TrajectorySamples(configuration, length, seed)) {
      TrajectorySizes sizes = samples.trajectories().orElseThrow();
      List<String> lines = new ArrayList<>();
      lines.add(samples.text());
      lines.add(
          String.format(
              "states of %d numbers, actions of %d, at most %d steps an episode; %d numbers a"
                  + " position",
              sizes.stateSize(),
              sizes.actionSize(),
              sizes.episodeSteps(),
              sizes.columns().width()));
      lines.add(samples.lengths());
      lines.addAll(Samples.leftOut(configuration));
      lines.addAll(samples.counts().skippedLines());
      List<List<String>> sequences = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        sequences.add(samples.show(i, STEPS));
      }
      return new TrajectoryPreview(lines, sequences);
    }
  }
}
