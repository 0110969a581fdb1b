package ringattention.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The tests, {@code value is name}. */
final class Tests {
  private static final Map<String, Test> TABLE = table();

  private Tests() {}

  private interface Test {
    boolean of(Object value, Arguments arguments, Budget budget);
  }

  private static Map<String, Test> table() {
    Map<String, Test> table = new HashMap<>();
    table.put("boolean", plain("boolean", Boolean.class::isInstance));
    table.put("callable", plain("callable", v -> v instanceof Callable || v instanceof Undefined));
    table.put("defined", plain("defined", v -> !(v instanceof Undefined)));
    table.put("divisibleby", (v, a, b) -> remainder(v, a.bind("divisibleby", "num").need(0), b, 0));
    table.put("even", (v, a, b) -> remainder(v, 2L, b, 0));
    table.put("false", plain("false", Boolean.FALSE::equals));
    table.put("filter", plain("filter", v -> v instanceof String name && Filters.has(name)));
    table.put("float", plain("float", Double.class::isInstance));
    table.put("integer", plain("integer", Long.class::isInstance));
    table.put("iterable", plain("iterable", Types::isIterable));
    table.put("lower", (v, a, b) -> TextMethods.isCased(PythonText.str(v, b), false));
    table.put("mapping", plain("mapping", Map.class::isInstance));
    table.put("none", plain("none", v -> v == null));
    table.put("number", plain("number", v -> PythonNumbers.number(v) != null));
    table.put("odd", (v, a, b) -> remainder(v, 2L, b, 1));
    table.put("sameas", (v, a, b) -> same(v, a.bind("sameas", "other").need(0)));
    table.put("sequence", plain("sequence", Tests::isSequence));
    table.put("string", plain("string", String.class::isInstance));
    table.put("test", plain("test", v -> v instanceof String name && has(name)));
    table.put("true", plain("true", Boolean.TRUE::equals));
    table.put("undefined", plain("undefined", Undefined.class::isInstance));
    table.put("upper", (v, a, b) -> TextMethods.isCased(PythonText.str(v, b), true));
    compare(table, "==", "eq", "equalto");
    compare(table, "!=", "ne");
    compare(table, "<", "lt", "lessthan");
    compare(table, "<=", "le");
    compare(table, ">", "gt", "greaterthan");
    compare(table, ">=", "ge");
    compare(table, "in");
    return Map.copyOf(table);
  }

  private static Test plain(String name, Predicate<Object> holds) {
    return (value, arguments, budget) -> {
      arguments.bind(name);
      return holds.test(value);
    };
  }

  private static void compare(Map<String, Test> table, String operator, String... names) {
    Test test =
        (value, arguments, budget) ->
            Operators.compare(operator, value, arguments.bind(operator, "other").need(0), budget);
    table.put(operator, test);
    List.of(names).forEach(name -> table.put(name, test));
  }

  static boolean has(String name) {
    return TABLE.containsKey(name);
  }

  static boolean apply(String name, Object value, Arguments arguments, Budget budget) {
    Test test = TABLE.get(name);
    if (test == null) {
      throw new TemplateException("no test named '" + name + "'");
    }
    budget.reading(value);
    return test.of(value, arguments, budget);
  }

  private static boolean remainder(Object value, Object divisor, Budget budget, long wanted) {
    Object remainder = Operators.arithmetic("%", value, divisor, budget);
    return Operators.equal(remainder, wanted, budget);
  }

  private static boolean isSequence(Object value) {
    return Types.isSized(value) && !(value instanceof DictView) && !(value instanceof Loop);
  }

  /** Whether two values are one; Python keeps true, false, None and small integers once. */
  private static boolean same(Object value, Object other) {
    boolean single = value instanceof Boolean || value instanceof Long || value instanceof String;
    return single ? value.equals(other) : value == other;
  }
}
