package ringattention.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import ringattention.environment.CollectConfig;
import ringattention.environment.Collection.Part;
import ringattention.environment.Episodes;
import ringattention.file.NpyArray;
import ringattention.file.NpzFile;
import ringattention.file.NpzWriter;
import ringattention.input.InputException;
import ringattention.report.RunFolder;
import ringattention.report.RunLock;

/**
 * Files of collected episodes, in the form of ExoRL's: one a episode, named by number and length,
 * in {@code buffer}, or in a folder for each hidden task. {@code collection.json} says what they
 * are.
 */
final class EpisodeFolder {
  private static final String DESCRIPTION = "collection.json";
  private static final String EPISODES = "episodes";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final CollectConfig config;
  private final int steps;
  private final int observation;
  private final int action;
  private final int physics;

  EpisodeFolder(Path folder, CollectConfig config) {
    this.folder = folder;
    this.config = config;
    var environment = config.open(1);
    steps = environment.steps();
    observation = environment.observationSize();
    action = environment.actionSize();
    physics = environment.physicsSize();
  }

  /** Returns what the episodes are, for {@code collection.json}. */
  Map<String, Object> description() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("made_by", "ringattention collect");
    values.put("environment", config.environment().toString());
    values.put("collector", config.collector().toString());
    values.put("seed", config.seed());
    values.put("first_task", config.firstTask());
    values.put("tasks", config.tasks());
    values.put("histories", config.histories());
    values.put(EPISODES, config.episodes());
    values.put("steps", steps);
    values.put("observation_size", observation);
    values.put("action_size", action);
    values.put("physics_size", physics);
    return values;
  }

  /**
   * Makes the folder, or takes one that holds the same collection; nobody else can take it until
   * the lock is closed. More episodes of each history are the same collection too, unless they
   * depend on how many there are.
   *
   * @throws InputException if it holds another
   * @throws ringattention.report.OutputException if it cannot be written, or another run has it
   */
  RunLock begin() {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw RunFolder.cannotWrite(folder, e);
    }
    RunLock lock = RunLock.take(folder);
    try {
      describe(folder.resolve(DESCRIPTION));
      return lock;
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private void describe(Path file) {
    try {
      if (Files.exists(file)) {
        requireSame(file, JSON.readTree(file.toFile()));
      }
      Path partial = folder.resolve(DESCRIPTION + ".partial");
      JSON.writerWithDefaultPrettyPrinter().writeValue(partial.toFile(), description());
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (JsonProcessingException e) {
      throw new InputException(file + ": is not what collect writes: it must be JSON");
    } catch (IOException e) {
      throw RunFolder.cannotWrite(file, e);
    }
  }

  private void requireSame(Path file, JsonNode there) {
    JsonNode own = JSON.valueToTree(description());
    for (Iterator<String> keys = own.fieldNames(); keys.hasNext(); ) {
      String key = keys.next();
      boolean more =
          key.equals(EPISODES)
              && !config.collector().dependsOnLength()
              && there.path(key).asInt() <= config.episodes();
      if (!there.path(key).asText().equals(own.get(key).asText()) && !more) {
        throw new InputException(
            String.format(
                "%s: %s is %s, and not %s: give another folder with -o",
                file, key, there.path(key), own.get(key)));
      }
    }
  }

  /** Returns whether an episode is there, whole. */
  boolean has(Part part, int number) {
    Path file = file(part, number);
    if (!Files.exists(file)) {
      return false;
    }
    try (NpzFile episode = new NpzFile(file)) {
      return episode.keys().contains("discount");
    } catch (InputException torn) { // by a machine that went down
      return false;
    }
  }

  /**
   * Writes one of several episodes.
   *
   * @param index among them
   * @throws ringattention.report.OutputException if it cannot be written
   */
  void write(Part part, Episodes episodes, int index) {
    int rows = episodes.rows();
    float[] discounts = new float[rows];
    Arrays.fill(discounts, 1);
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("observation", floats(episodes.observations(), index, rows, observation));
    arrays.put("action", floats(episodes.actions(), index, rows, action));
    arrays.put("reward", floats(episodes.rewards(), index, rows, 1));
    arrays.put("discount", NpyArray.of(discounts, rows, 1));
    if (physics > 0) {
      int size = rows * physics;
      double[] own = Arrays.copyOfRange(episodes.physics(), index * size, (index + 1) * size);
      arrays.put("physics", NpyArray.of(own, rows, physics));
    }
    Path file = file(part, episodes.first() + index);
    try {
      Files.createDirectories(file.getParent());
      NpzWriter.write(file, arrays);
    } catch (IOException e) {
      throw RunFolder.cannotWrite(file, e);
    }
  }

  private static NpyArray floats(float[] all, int index, int rows, int size) {
    int from = index * rows * size;
    return NpyArray.of(Arrays.copyOfRange(all, from, from + rows * size), rows, size);
  }

  private Path file(Part part, int number) {
    String name = String.format(Locale.ROOT, "episode_%06d_%d.npz", number, steps);
    return folder.resolve(inner(part)).resolve(name);
  }

  /** A folder for each history: a sequence of trajectories is of one. */
  private String inner(Part part) {
    if (!config.environment().hasTasks()) {
      return "buffer";
    }
    String task = String.format(Locale.ROOT, "task_%05d", part.task());
    return config.histories() == 1
        ? task
        : task + String.format(Locale.ROOT, "_history_%04d", part.history());
  }
}
