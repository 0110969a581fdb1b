package ringattention.input;

import com.fasterxml.jackson.core.JacksonException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Every value that a run used, read back from what {@link Source#toml} wrote.
 *
 * @param values by full key, in the order of the file
 */
public record UsedInputs(Map<String, Object> values) {
  /** What a value says that is not there: another version of the program wrote the file. */
  private static final String NONE = "none";

  public UsedInputs {
    values = new LinkedHashMap<>(values);
  }

  /**
   * @throws InputException if it is not such a text
   */
  public static UsedInputs of(String toml) {
    try {
      Map<String, Object> values = Toml.parse(toml);
      values.replaceAll(
          (key, value) -> value instanceof BigDecimal number ? number.doubleValue() : value);
      return new UsedInputs(values);
    } catch (JacksonException e) {
      throw new InputException("used_inputs.toml: not valid TOML");
    }
  }

  /** The values of one section by their last name. */
  public Map<String, Object> section(String name) {
    Map<String, Object> section = new LinkedHashMap<>();
    values.forEach(
        (key, value) -> {
          if (key.startsWith(name + ".")) {
            section.put(key.substring(name.length() + 1), value);
          }
        });
    return section;
  }

  /** A value as in a file, or the word none. */
  public String text(String key) {
    return values.containsKey(key) ? Toml.write(values.get(key)) : NONE;
  }

  /**
   * Keys whose values are not the same in other inputs.
   *
   * @param butNot sections and full keys that are not compared
   */
  public List<String> changed(UsedInputs now, Set<String> butNot) {
    Set<String> keys = new LinkedHashSet<>(values.keySet());
    keys.addAll(now.values.keySet());
    return keys.stream()
        .filter(key -> !butNot.contains(key.substring(0, Math.max(0, key.indexOf('.')))))
        .filter(key -> !butNot.contains(key))
        .filter(key -> !text(key).equals(now.text(key)))
        .toList();
  }

  /**
   * What is not the same in other inputs, e.g. {@code train.steps 10 -> 20}.
   *
   * @param butNot sections and full keys that are not compared
   */
  public List<String> changes(UsedInputs now, Set<String> butNot) {
    return changed(now, butNot).stream()
        .map(key -> key + " " + text(key) + " -> " + now.text(key))
        .toList();
  }
}
