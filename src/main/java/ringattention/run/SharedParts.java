package ringattention.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Values that all ranks must have alike, or that the parts of a run must.
 *
 * @param values by the name of a part (inputs, corpus, ..), then by a name of their own
 */
public record SharedParts(Map<String, Map<String, String>> values) {
  private static final int MOST = 3; // values of a part that a message shows

  public SharedParts {
    values = new LinkedHashMap<>(values);
  }

  public static SharedParts of(String part, Map<String, String> values) {
    return new SharedParts(Map.of(part, values));
  }

  /** Reads what {@link #json} wrote. */
  public static SharedParts of(byte[] json) {
    try {
      return new SharedParts(new ObjectMapper().readValue(json, new TypeReference<>() {}));
    } catch (IOException e) {
      throw new IllegalStateException("these are no shared values in JSON", e);
    }
  }

  /** Returns these parts and others. */
  public SharedParts and(SharedParts others) {
    Map<String, Map<String, String>> all = new LinkedHashMap<>(values);
    all.putAll(others.values);
    return new SharedParts(all);
  }

  /** Returns them as JSON. */
  public byte[] json() {
    try {
      return new ObjectMapper().writeValueAsBytes(values);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON value: " + values, e);
    }
  }

  /** Returns whether nothing is known of a part, or there is none. */
  public boolean lacks(String part) {
    return values.getOrDefault(part, Map.of()).isEmpty();
  }

  /**
   * Returns the parts that are not like another's, with values of both: {@code inputs} and {@code
   * train.steps 6, not 3}.
   */
  public Map<String, String> differences(SharedParts other) {
    Map<String, String> different = new LinkedHashMap<>();
    for (String part : union(values, other.values)) {
      Map<String, String> own = values.getOrDefault(part, Map.of());
      Map<String, String> theirs = other.values.getOrDefault(part, Map.of());
      List<String> keys =
          union(own, theirs).stream()
              .filter(key -> !text(own, key).equals(text(theirs, key)))
              .toList();
      if (!keys.isEmpty()) {
        Stream<String> shown =
            keys.stream()
                .limit(MOST)
                .map(key -> key + " " + text(own, key) + ", not " + text(theirs, key));
        String rest = keys.size() > MOST ? "; " + (keys.size() - MOST) + " more" : "";
        different.put(part, shown.collect(Collectors.joining("; ", "", rest)));
      }
    }
    return different;
  }

  /** Returns differences as words: {@code tokenizer (..) and corpus (..)}. */
  public static String text(Map<String, String> differences) {
    return differences.entrySet().stream()
        .map(one -> one.getKey() + " (" + one.getValue() + ")")
        .collect(Collectors.joining(" and "));
  }

  private static String text(Map<String, String> values, String key) {
    return values.getOrDefault(key, "none");
  }

  private static Set<String> union(Map<String, ?> one, Map<String, ?> other) {
    Set<String> keys = new LinkedHashSet<>(one.keySet());
    keys.addAll(other.keySet());
    return keys;
  }
}
