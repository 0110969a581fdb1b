package ringattention.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.command.Sections;
import ringattention.file.NpyArray;
import ringattention.file.NpzWriter;
import ringattention.input.Configuration;
import ringattention.plan.TrainConfig;

/** Episodes for tests, as ExoRL stores them. */
public final class Episodes {
  private Episodes() {}

  /**
   * Returns the arrays of an episode whose states are {@code [first + t, -(first + t) / 2]}, and
   * whose action in a state is that state.
   *
   * @param rewards of its steps
   */
  public static Map<String, NpyArray> arrays(float first, float... rewards) {
    int rows = rewards.length + 1;
    float[] states = new float[rows * 2];
    float[] actions = new float[rows * 2];
    float[] given = new float[rows];
    for (int row = 0; row < rows; row++) {
      states[2 * row] = first + row;
      states[2 * row + 1] = -(first + row) / 2;
      if (row > 0) {
        actions[2 * row] = states[2 * row - 2];
        actions[2 * row + 1] = states[2 * row - 1];
        given[row] = rewards[row - 1];
      }
    }
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("observation", NpyArray.of(states, rows, 2));
    arrays.put("action", NpyArray.of(actions, rows, 2));
    arrays.put("reward", NpyArray.of(given, rows, 1));
    arrays.put("discount", NpyArray.of(new float[rows], rows, 1));
    arrays.put("physics", NpyArray.of(new double[rows * 4], rows, 4));
    return arrays;
  }

  /** Writes an episode under the name that ExoRL gives it now. */
  public static Path write(Path folder, int index, float first, float... rewards)
      throws IOException {
    return write(
        folder,
        String.format("episode_%06d_%d.npz", index, rewards.length),
        arrays(first, rewards));
  }

  static Path write(Path folder, String name, Map<String, NpyArray> arrays) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(name);
    NpzWriter.write(file, arrays);
    return file;
  }

  /**
   * Returns a configuration of no model.
   *
   * @param more overrides; the last of a key wins
   */
  static Configuration configuration(Path path, String... more) {
    List<String> overrides =
        new ArrayList<>(List.of("data.path=" + path, "train.sequence=16", "train.steps=1"));
    overrides.addAll(List.of(more));
    return Sections.INPUTS.defaults(overrides);
  }

  static Samples samples(Configuration configuration) {
    return Samples.of(configuration, shape(configuration));
  }

  static HeldOutSamples heldOut(Configuration configuration) {
    return HeldOutSamples.of(configuration, shape(configuration));
  }

  private static SampleShape shape(Configuration configuration) {
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    return new SampleShape(train.sequence(), 1, train.seed());
  }
}
