package ringattention.data.trajectories;

import java.nio.file.Path;
import java.util.Arrays;
import ringattention.file.NpyArray;
import ringattention.file.NpzFile;
import ringattention.input.InputException;

/**
 * Reads an episode as ExoRL stores it: arrays of T + 1 rows, of which row 0 is the reset, with
 * action and reward 0. So the action done in the state of row t, and its reward, are in row t + 1,
 * and the last state has no action. Step t is {@code observation[t], action[t+1], reward[t+1]}.
 */
record EpisodeFile(Path path, RewardKind rewards) {
  private static final long LIMIT = 1L << 28; // bytes of an array

  /**
   * Returns the episode.
   *
   * @throws InputException naming the file if anything of it is wrong
   */
  Episode read() {
    EpisodeName name =
        EpisodeName.of(path)
            .orElseThrow(() -> error("its name must have the form " + EpisodeName.FORMS));
    try (NpzFile file = new NpzFile(path)) {
      NpyArray observation = file.read("observation", LIMIT);
      NpyArray action = file.read("action", LIMIT);
      NpyArray reward = file.read("reward", LIMIT);
      requireMatrix("observation", observation);
      requireMatrix("action", action);
      requireColumn("reward", reward);
      int rows = observation.length(0);
      for (String key : new String[] {"action", "reward", "discount", "physics"}) {
        if (file.keys().contains(key)) {
          requireRows(key, file.shape(key), rows);
        }
      }
      if (rows - 1 != name.steps() || rows < 2) {
        throw error(
            "has "
                + rows
                + " rows, which is one more than its steps; its name says "
                + name.steps());
      }
      float[] actions = finite("action", action);
      float[] stored = finite("reward", reward);
      requireReset("action", actions, action.length(1));
      requireReset("reward", stored, 1);
      float[] given = rewards == RewardKind.STORED ? stored : relabelled(file);
      float[] states = finite("observation", observation);
      return new Episode(
          rows - 1,
          Arrays.copyOf(states, (rows - 1) * observation.length(1)),
          Arrays.copyOfRange(actions, action.length(1), actions.length),
          Arrays.copyOfRange(given, 1, rows));
    }
  }

  private float[] relabelled(NpzFile file) {
    NpyArray physics = file.read("physics", LIMIT);
    if (physics.rank() != 2 || physics.length(1) != CartpoleReward.NUMBERS) {
      throw error(
          "physics has shape "
              + Arrays.toString(physics.shape())
              + ": cartpole has 4 numbers a row, for trajectories.rewards = \""
              + rewards
              + "\"");
    }
    finite("physics", physics);
    return CartpoleReward.of(physics.doubles());
  }

  private void requireMatrix(String key, NpyArray array) {
    if (array.rank() != 2 || array.length(1) == 0) {
      throw error(key + " has shape " + Arrays.toString(array.shape()) + ", must have two lengths");
    }
  }

  private void requireColumn(String key, NpyArray array) {
    boolean column = array.rank() == 2 && array.length(1) == 1;
    if (array.rank() != 1 && !column) {
      throw error(
          key + " has shape " + Arrays.toString(array.shape()) + ", must have one number a row");
    }
  }

  private void requireRows(String key, long[] shape, int rows) {
    if (shape.length == 0 || shape[0] != rows) {
      throw error(
          key
              + " has shape "
              + Arrays.toString(shape)
              + ", must have as many rows as observation, "
              + rows
              + ": row 0 is the reset, row t + 1 what was done in the state of row t");
    }
  }

  /** An action in row 0 would mean that rows are those of the state beside them. */
  private void requireReset(String key, float[] values, int count) {
    for (int i = 0; i < count; i++) {
      if (values[i] != 0) {
        throw error(
            key
                + " of row 0 is "
                + values[i]
                + ", must be 0: row 0 is the reset, row t + 1 what was done in the state of row t");
      }
    }
  }

  private float[] finite(String key, NpyArray array) {
    float[] values = array.floats();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw error(
            key
                + " has "
                + values[i]
                + " in row "
                + i / (values.length / array.length(0))
                + ", must be finite numbers");
      }
    }
    return values;
  }

  private InputException error(String problem) {
    return new InputException(path + ": " + problem);
  }
}
