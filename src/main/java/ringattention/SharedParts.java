package ringattention;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Values that all ranks must have alike.
 *
 * @param values by the name of a part (inputs, corpus, ..), then by a name of their own
 */
record SharedParts(Map<String, Map<String, String>> values) {
  private static final int MOST = 3; // values of a part that a message shows

  SharedParts {
    values = new LinkedHashMap<>(values);
  }

  static SharedParts of(String part, Map<String, String> values) {
    return new SharedParts(Map.of(part, values));
  }

  /** Reads what {@link #json} wrote. */
  static SharedParts of(byte[] json) {
    try {
      return new SharedParts(new ObjectMapper().readValue(json, new TypeReference<>() {}));
    } catch (IOException e) {
      throw new IllegalStateException("rank 0 sent what is no JSON", e);
    }
  }

  /** Returns these parts and others. */
  SharedParts and(SharedParts others) {
    Map<String, Map<String, String>> all = new LinkedHashMap<>(values);
    all.putAll(others.values);
    return new SharedParts(all);
  }

  byte[] json() {
    try {
      return new ObjectMapper().writeValueAsBytes(values);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON value: " + values, e);
    }
  }

  /**
   * Returns the parts in which this rank is not like another, with values of both: {@code inputs
   * (train.steps 6, not 3)}. An empty text if there are none.
   */
  String difference(SharedParts first) {
    List<String> different = new ArrayList<>();
    for (String part : union(values, first.values)) {
      Map<String, String> own = values.getOrDefault(part, Map.of());
      Map<String, String> theirs = first.values.getOrDefault(part, Map.of());
      List<String> keys =
          union(own, theirs).stream()
              .filter(key -> !text(own, key).equals(text(theirs, key)))
              .toList();
      if (!keys.isEmpty()) {
        List<String> shown =
            keys.stream()
                .limit(MOST)
                .map(key -> key + " " + text(own, key) + ", not " + text(theirs, key))
                .toList();
        int more = keys.size() - shown.size();
        String rest = more == 0 ? "" : "; " + more + " more";
        different.add(part + " (" + String.join("; ", shown) + rest + ")");
      }
    }
    return String.join(" and ", different);
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
