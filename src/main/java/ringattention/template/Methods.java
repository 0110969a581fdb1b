package ringattention.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The methods of lists and dicts, and the way to those of texts. */
final class Methods {
  private Methods() {}

  /** Returns a method of a value as a {@link Callable}, or {@link Dicts#ABSENT}. */
  static Object of(Object owner, String name, Budget budget) {
    Callable method = null;
    if (owner instanceof String text) {
      method = TextMethods.of(text, name, budget);
    } else if (owner instanceof Map) {
      method = ofDict(Types.dict(owner), name, budget);
    } else if (name.equals("copy") && owner instanceof List && !(owner instanceof Range)) {
      method = arguments -> copy(owner, arguments, budget);
    } else if (owner instanceof List || owner instanceof Tuple) {
      method = ofSequence(owner, name, budget);
    }
    return method == null ? Dicts.ABSENT : method;
  }

  private static Callable ofDict(Map<Object, Object> dict, String name, Budget budget) {
    return switch (name) {
      case "items" -> view(dict, DictView.Kind.ITEMS);
      case "keys" -> view(dict, DictView.Kind.KEYS);
      case "values" -> view(dict, DictView.Kind.VALUES);
      case "get" ->
          arguments -> {
            Arguments.Bound bound = arguments.bind("get", "key", "default");
            Object key = Dicts.key(dict, bound.need(0), budget);
            return key == Dicts.ABSENT ? bound.or(1, null) : dict.get(key);
          };
      case "copy" ->
          arguments -> {
            arguments.bind("copy");
            budget.steps(dict.size());
            return new LinkedHashMap<>(dict);
          };
      default -> null;
    };
  }

  private static Callable view(Map<Object, Object> dict, DictView.Kind kind) {
    return arguments -> {
      arguments.bind(kind.name());
      return new DictView(kind, dict);
    };
  }

  private static Callable ofSequence(Object list, String name, Budget budget) {
    return switch (name) {
      case "index" ->
          arguments -> {
            Object value = arguments.bind("index", "value").need(0);
            int place = places(list, value, budget).stream().findFirst().orElse(-1);
            if (place < 0) {
              throw new TemplateException("index() of a value that is not in the list");
            }
            return (long) place;
          };
      case "count" ->
          arguments -> (long) places(list, arguments.bind("count", "value").need(0), budget).size();
      default -> null;
    };
  }

  private static Object copy(Object list, Arguments arguments, Budget budget) {
    arguments.bind("copy");
    return Types.list(list, budget);
  }

  private static List<Integer> places(Object list, Object value, Budget budget) {
    List<Object> elements = Types.list(list, budget);
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < elements.size(); i++) {
      if (Operators.equal(elements.get(i), value, budget)) {
        places.add(i);
      }
    }
    return places;
  }
}
