package ringattention.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import ringattention.template.Arguments.Bound;
import ringattention.template.Operators.Keyed;

/** The filters of lists and dicts. */
final class SequenceFilters {
  private SequenceFilters() {}

  static Map<String, Filters.Filter> table() {
    return Map.ofEntries(
        Map.entry("dictsort", SequenceFilters::dictSort),
        Map.entry("first", SequenceFilters::first),
        Map.entry("items", SequenceFilters::items),
        Map.entry("join", SequenceFilters::join),
        Map.entry("last", SequenceFilters::last),
        Map.entry("list", SequenceFilters::list),
        Map.entry("map", SequenceFilters::map),
        Map.entry("max", (v, a, b) -> extreme("max", v, a, b)),
        Map.entry("min", (v, a, b) -> extreme("min", v, a, b)),
        Map.entry("reject", (v, a, b) -> select("reject", v, a, b)),
        Map.entry("rejectattr", (v, a, b) -> select("rejectattr", v, a, b)),
        Map.entry("reverse", SequenceFilters::reverse),
        Map.entry("select", (v, a, b) -> select("select", v, a, b)),
        Map.entry("selectattr", (v, a, b) -> select("selectattr", v, a, b)),
        Map.entry("sort", SequenceFilters::sort),
        Map.entry("sum", SequenceFilters::sum),
        Map.entry("unique", SequenceFilters::unique));
  }

  private static Object list(Object value, Arguments arguments, Budget budget) {
    arguments.bind("list");
    return Types.list(value, budget);
  }

  private static Object first(Object value, Arguments arguments, Budget budget) {
    arguments.bind("first");
    Iterator<Object> elements = Types.iterator(value);
    return elements.hasNext() ? elements.next() : empty("no first item");
  }

  private static Object last(Object value, Arguments arguments, Budget budget) {
    arguments.bind("last");
    if (value instanceof Generator) {
      throw new TemplateException("last takes no generator; the filter list makes a list of it");
    } else if (value instanceof String text) {
      return text.isEmpty()
          ? empty("no last item")
          : Character.toString(text.codePointBefore(text.length()));
    } else if (value instanceof List<?> list) {
      return list.isEmpty() ? empty("no last item") : list.get(list.size() - 1);
    }
    List<Object> all = Types.list(value, budget);
    return all.isEmpty() ? empty("no last item") : all.get(all.size() - 1);
  }

  private static Undefined empty(String what) {
    return new Undefined(what + ", the sequence is empty");
  }

  private static Object items(Object value, Arguments arguments, Budget budget) {
    arguments.bind("items");
    if (value instanceof Undefined) {
      return Generator.of(List.of());
    } else if (value instanceof Map) {
      return Generator.of(new DictView(DictView.Kind.ITEMS, Types.dict(value)).elements());
    }
    throw new TemplateException("items takes a dict, not " + Types.name(value));
  }

  private static Object join(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("join", "d", "attribute");
    String separator = PythonText.str(bound.or(0, ""), budget);
    UnaryOperator<Object> part = path(bound.or(1, null), null, budget);
    StringBuilder out = new StringBuilder();
    boolean behind = false;
    for (Object element : Types.list(value, budget)) {
      String text = PythonText.str(part.apply(element), budget);
      budget.text(text.length() + separator.length());
      budget.length((long) out.length() + text.length() + separator.length());
      out.append(behind ? separator : "").append(text);
      behind = true;
    }
    return out.toString();
  }

  /** The way to an attribute, "a.b.0", of an element; of the element itself if it is None. */
  private static UnaryOperator<Object> path(Object attribute, Object otherwise, Budget budget) {
    if (attribute == null) {
      return element -> element;
    }
    List<Object> steps = new ArrayList<>();
    if (attribute instanceof String names) {
      for (String name : names.split("\\.", -1)) {
        steps.add(name.matches("\\d{1,9}") ? (Object) Long.valueOf(name) : name);
      }
    } else {
      steps.add(attribute);
    }
    return element -> {
      Object value = element;
      for (Object step : steps) {
        value = Members.item(value, step, budget);
        value = value instanceof Undefined && otherwise != null ? otherwise : value;
      }
      return value;
    };
  }

  private static Object map(Object value, Arguments arguments, Budget budget) {
    UnaryOperator<Object> change;
    if (arguments.positional().isEmpty()) {
      Bound bound = arguments.bind("map", "attribute", "default");
      change = path(bound.need(0), bound.or(1, null), budget);
    } else {
      String name = name("map", arguments, 0);
      Arguments rest = new Arguments(behind(arguments, 1), arguments.named());
      change = element -> Filters.apply(name, element, rest, budget);
    }
    List<Object> changed = ifAny(value, budget);
    changed.replaceAll(change);
    return Generator.of(changed);
  }

  private static Object select(String filter, Object value, Arguments arguments, Budget budget) {
    boolean attribute = filter.endsWith("attr");
    int before = attribute ? 1 : 0;
    if (arguments.positional().size() < before) {
      throw new TemplateException(filter + " misses the name of an attribute");
    }
    UnaryOperator<Object> part =
        path(attribute ? arguments.positional().get(0) : null, null, budget);
    boolean tested = arguments.positional().size() > before;
    String test = tested ? name(filter, arguments, before) : null;
    Arguments rest = new Arguments(behind(arguments, before + 1), arguments.named());
    List<Object> chosen = ifAny(value, budget);
    chosen.removeIf(
        element -> {
          Object tried = part.apply(element);
          boolean holds = tested ? Tests.apply(test, tried, rest, budget) : Types.truth(tried);
          return holds == filter.startsWith("reject");
        });
    return Generator.of(chosen);
  }

  /** The elements of a value; none of None, false and zero, which cannot be gone through. */
  private static List<Object> ifAny(Object value, Budget budget) {
    return Types.truth(value) ? Types.list(value, budget) : new ArrayList<>();
  }

  private static List<Object> behind(Arguments arguments, int from) {
    List<Object> all = arguments.positional();
    return all.subList(Math.min(from, all.size()), all.size());
  }

  private static String name(String filter, Arguments arguments, int i) {
    if (arguments.positional().get(i) instanceof String name) {
      return name;
    }
    throw new TemplateException(filter + " takes the name of a filter or test as a string");
  }

  private static Object reverse(Object value, Arguments arguments, Budget budget) {
    arguments.bind("reverse");
    if (value instanceof String text) {
      return new StringBuilder(text).reverse().toString(); // keeps pairs of halves
    }
    List<Object> reversed = Types.list(value, budget);
    Collections.reverse(reversed);
    return Generator.of(reversed);
  }

  private static Object fold(Object key, boolean caseSensitive) {
    return !caseSensitive && key instanceof String text ? TextMethods.lower(text) : key;
  }

  private static List<Object> sorted(
      Object value, UnaryOperator<Object> key, boolean caseSensitive, boolean down, Budget budget) {
    List<Object> keyed = Types.list(value, budget);
    keyed.replaceAll(element -> new Keyed(fold(key.apply(element), caseSensitive), element));
    List<Object> sorted = Operators.sorted(keyed, down, budget);
    sorted.replaceAll(element -> ((Keyed) element).element());
    return sorted;
  }

  private static Object sort(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    UnaryOperator<Object> key = path(bound.or(2, null), null, budget);
    return sorted(value, key, bound.flag(1), bound.flag(0), budget);
  }

  private static Object dictSort(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    Object by = bound.or(1, "key");
    if (!(value instanceof Map) || !("key".equals(by) || "value".equals(by))) {
      throw new TemplateException("dictsort takes a dict, and 'key' or 'value' as 'by'");
    }
    int place = "key".equals(by) ? 0 : 1;
    Object pairs = new DictView(DictView.Kind.ITEMS, Types.dict(value));
    return sorted(
        pairs, pair -> ((Tuple) pair).items().get(place), bound.flag(0), bound.flag(2), budget);
  }

  private static Object extreme(String name, Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind(name, "case_sensitive", "attribute");
    UnaryOperator<Object> path = path(bound.or(1, null), null, budget);
    List<Object> sorted = sorted(value, path, bound.flag(0), name.equals("max"), budget);
    return sorted.isEmpty() ? empty("no item of all") : sorted.get(0);
  }

  private static Object unique(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("unique", "case_sensitive", "attribute");
    UnaryOperator<Object> path = path(bound.or(1, null), null, budget);
    Map<Object, Object> seen = new LinkedHashMap<>();
    for (Object element : Types.list(value, budget)) {
      Object key = fold(path.apply(element), bound.flag(0));
      if (Dicts.key(seen, key, budget) == Dicts.ABSENT) {
        seen.put(key, element);
      }
    }
    return Generator.of(new ArrayList<>(seen.values()));
  }

  private static Object sum(Object value, Arguments arguments, Budget budget) {
    Bound bound = arguments.bind("sum", "attribute", "start");
    UnaryOperator<Object> path = path(bound.or(0, null), null, budget);
    Object sum = bound.or(1, 0L);
    for (Object element : Types.list(value, budget)) {
      sum = Operators.arithmetic("+", sum, path.apply(element), budget);
    }
    return sum;
  }
}
