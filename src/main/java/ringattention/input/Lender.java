package ringattention.input;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A file that a key names and that gives other keys of the same section their values. */
public interface Lender {
  /**
   * One value of the file.
   *
   * @param field its name there
   * @param value as it stands there, of whatever type
   */
  record Given(String field, Object value) {}

  /**
   * Returns the values by key of the section, without the section's name. An input may repeat them,
   * and must not say otherwise.
   */
  Map<String, Given> values();

  /**
   * Returns more such values, which the input may replace.
   *
   * @param own what the input says of the section, by key
   */
  default Map<String, Given> defaults(Map<String, Object> own) {
    return Map.of();
  }

  /**
   * Returns what a reader should know of the file, a line each: where its fields do not go together
   * and one of them counts.
   *
   * @param own what the input says of the section, by key
   */
  default List<String> remarks(Map<String, Object> own) {
    return List.of();
  }

  /** Returns how errors name the file, e.g. {@code config.json}. */
  String file();

  /** Opens the file that the key names. */
  interface Opener {
    /**
     * @param error makes the exception for a problem with it
     */
    Lender open(Path path, Function<String, InputException> error);
  }
}
