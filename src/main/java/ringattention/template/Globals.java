package ringattention.template;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import ringattention.template.Arguments.Bound;

/** The functions that every template has. */
final class Globals {
  private Globals() {}

  /**
   * Returns the functions by their names.
   *
   * @param clock what {@code strftime_now} tells the time of
   */
  static Map<String, Object> of(Clock clock, Budget budget) {
    Map<String, Object> functions = new HashMap<>();
    functions.put("range", (Callable) Globals::range);
    functions.put("dict", (Callable) arguments -> fields("dict", arguments, budget));
    functions.put(
        "namespace", (Callable) arguments -> new Namespace(fields("namespace", arguments, budget)));
    functions.put("raise_exception", (Callable) arguments -> raise(arguments, budget));
    functions.put(
        "strftime_now",
        (Callable)
            arguments ->
                Strftime.of(
                    arguments.bind("strftime_now", "format").text(0), ZonedDateTime.now(clock)));
    return functions;
  }

  private static Object range(Arguments arguments) {
    Bound bound = arguments.bind("range", "start", "stop", "step");
    bound.need(0);
    long first = bound.integer(0, 0);
    return bound.given()[1]
        ? new Range(first, bound.integer(1, 0), bound.integer(2, 1))
        : new Range(0, first, 1);
  }

  private static Map<Object, Object> fields(String name, Arguments arguments, Budget budget) {
    Map<Object, Object> fields = new LinkedHashMap<>();
    if (!arguments.positional().isEmpty()) {
      Arguments one = new Arguments(arguments.positional(), Map.of());
      if (!(one.bind(name, "mapping").need(0) instanceof Map<?, ?> given)) {
        throw new TemplateException(name + "() takes a dict, or arguments with names");
      }
      budget.steps(given.size());
      fields.putAll(given);
    }
    fields.putAll(arguments.named());
    return fields;
  }

  private static Object raise(Arguments arguments, Budget budget) {
    Object message = arguments.bind("raise_exception", "message").need(0);
    throw new TemplateException(PythonText.str(message, budget));
  }
}
