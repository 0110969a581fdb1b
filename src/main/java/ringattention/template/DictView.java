package ringattention.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code items()}, {@code keys()} and {@code values()} of a dict return. */
record DictView(Kind kind, Map<Object, Object> dict) {
  enum Kind {
    ITEMS,
    KEYS,
    VALUES
  }

  List<Object> elements() {
    List<Object> elements = new ArrayList<>(dict.size());
    dict.forEach(
        (key, value) ->
            elements.add(
                switch (kind) {
                  case ITEMS -> Tuple.of(key, value);
                  case KEYS -> key;
                  case VALUES -> value;
                }));
    return elements;
  }
}
