package ringattention.data.trajectories;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import ringattention.input.BoundedFile;
import ringattention.input.InputException;

/**
 * Mean and deviation of each number of a state over the steps that are learned from. States go into
 * the model less their mean, divided by their deviation, wherever they come from: a model's
 * statistics stay those it was trained with.
 *
 * @param mean [numbers of a state]
 * @param deviation [numbers of a state], above 0
 */
public record StateStatistics(List<Double> mean, List<Double> deviation) {
  /** The file of a run's folder that holds them. */
  public static final String FILE = "statistics.json";

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int LARGEST = 1; // MiB of a file

  public StateStatistics {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (mean.isEmpty()
        || mean.size() != deviation.size()
        || !mean.stream().allMatch(Double::isFinite)
        || !deviation.stream().allMatch(value -> value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException("must be as many means as deviations above 0, all finite");
    }
  }

  /** Returns the numbers of a state. */
  public int size() {
    return mean.size();
  }

  /** Returns a number of a state as the model sees it. */
  public float standardise(int number, float value) {
    return (float) ((value - mean.get(number)) / deviation.get(number));
  }

  /** Returns it as a line of JSON, of which {@link #read} makes the same bits. */
  public String json() {
    try {
      return MAPPER.writeValueAsString(this) + "\n";
    } catch (JacksonException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws InputException naming the file if it holds none
   */
  public static StateStatistics read(Path file) {
    try {
      return MAPPER.readValue(BoundedFile.bytes(file, LARGEST), StateStatistics.class);
    } catch (JacksonException malformed) {
      String reason = malformed.getOriginalMessage().lines().findFirst().orElse("");
      throw new InputException(file + ": holds no statistics of states: " + reason);
    } catch (IOException unreadable) {
      throw new InputException(
          file + ": cannot be read as statistics of states: " + unreadable.getMessage());
    }
  }
}
