package ringattention.template;

import java.util.HashMap;
import java.util.Map;

/**
 * The variables of a block. What is set belongs to the innermost scope: a loop's body has one for
 * each turn, and so have macros and blocks that are captured; {@code if} has none of its own.
 */
final class Scope {
  private final Scope outer;
  private final Map<String, Object> variables;

  Scope(Scope outer) {
    this(outer, new HashMap<>());
  }

  Scope(Scope outer, Map<String, Object> variables) {
    this.outer = outer;
    this.variables = variables;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  /** Returns a variable's value; undefined if no scope around has it. */
  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null || scope.variables.containsKey(name)) {
        return value;
      }
    }
    return Undefined.name(name);
  }
}
