package ringattention.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Consumer;

/** Records to JSON and back. Keys that a record does not have are skipped, missing ones refused. */
final class JsonRecords {
  private final ObjectMapper mapper =
      new ObjectMapper()
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

  /** On one line. */
  String line(Object value) {
    try {
      return mapper.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON value: " + value, e);
    }
  }

  /** On many lines, for people. */
  String document(Object value) {
    try {
      return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON value: " + value, e);
    }
  }

  /**
   * Reads what may be of an older format.
   *
   * @param complete adds to the tree what the older format does not have
   * @throws JsonProcessingException if the text is not JSON of such a record
   */
  <T> T read(String text, Class<T> type, Consumer<ObjectNode> complete)
      throws JsonProcessingException {
    ObjectNode tree = mapper.readValue(text, ObjectNode.class);
    complete.accept(tree);
    return mapper.treeToValue(tree, type);
  }

  /** Adds a value under a key that is not there. */
  static void add(ObjectNode tree, String key, Object value) {
    if (!tree.has(key)) {
      tree.set(key, new ObjectMapper().valueToTree(value));
    }
  }

  /**
   * @throws JsonProcessingException if the text is not JSON of such a record
   */
  <T> T read(String text, Class<T> type) throws JsonProcessingException {
    return mapper.readValue(text, type);
  }
}
