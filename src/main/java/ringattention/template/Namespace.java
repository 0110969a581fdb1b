package ringattention.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace()} returns: fields that can be set from inside of a loop or macro. */
record Namespace(Map<Object, Object> fields) {
  Namespace {
    fields = new LinkedHashMap<>(fields);
  }
}
