package ringattention.template;

import java.util.Arrays;
import java.util.List;

/** Python's tuple. It prints with parentheses and equals no list. */
record Tuple(List<Object> items) {
  static Tuple of(Object... items) {
    return new Tuple(Arrays.asList(items));
  }
}
