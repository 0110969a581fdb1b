package ringattention.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What every value can be asked: its type, its truth, its size, its elements. Values are null,
 * Boolean, Long, Double, String, List, Map, and those that only templates make.
 */
final class Types {
  private Types() {}

  /** Returns the name that Python has for a value's type. */
  static String name(Object value) {
    if (value == null) {
      return "NoneType";
    } else if (value instanceof Boolean) {
      return "bool";
    } else if (value instanceof Long) {
      return "int";
    } else if (value instanceof Double) {
      return "float";
    } else if (value instanceof String) {
      return "str";
    } else if (value instanceof Range) {
      return "range";
    } else if (value instanceof List) {
      return "list";
    } else if (value instanceof Map) {
      return "dict";
    } else if (value instanceof DictView view) {
      return "dict_" + view.kind().name().toLowerCase(Locale.ROOT);
    } else if (value instanceof Callable) {
      return "function";
    }
    return value.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  /** Returns whether a condition takes a value for true: not if it is nothing, zero or empty. */
  static boolean truth(Object value) {
    if (value instanceof Boolean known) {
      return known;
    } else if (value instanceof Long number) {
      return number != 0;
    } else if (value instanceof Double number) {
      return number != 0;
    } else if (value == null || value instanceof Undefined) {
      return false;
    }
    return !isSized(value) || size(value) > 0;
  }

  /** Whether a value is Python's list. A range is none, though it can be gone through as one. */
  static boolean isList(Object value) {
    return value instanceof List && !(value instanceof Range);
  }

  static boolean isSized(Object value) {
    return value instanceof String
        || value instanceof Undefined
        || value instanceof Collection
        || value instanceof Map
        || value instanceof Tuple
        || value instanceof DictView
        || value instanceof Loop;
  }

  /** Returns the number of elements, of characters for a text. */
  static long size(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    } else if (value instanceof Collection<?> list) {
      return list.size();
    } else if (value instanceof Map<?, ?> dict) {
      return dict.size();
    } else if (value instanceof Tuple tuple) {
      return tuple.items().size();
    } else if (value instanceof DictView view) {
      return view.dict().size();
    } else if (value instanceof Undefined) {
      return 0;
    } else if (value instanceof Loop loop) {
      return loop.length();
    }
    throw new TemplateException("a value of type " + name(value) + " has no length");
  }

  static boolean isIterable(Object value) {
    return isSized(value) || value instanceof Generator;
  }

  /** Returns the elements of a value one after the other: keys of a dict, characters of a text. */
  @SuppressWarnings("unchecked")
  static Iterator<Object> iterator(Object value) {
    if (value instanceof List) {
      return ((List<Object>) value).iterator();
    } else if (value instanceof Tuple tuple) {
      return tuple.items().iterator();
    } else if (value instanceof Map) {
      return ((Map<Object, Object>) value).keySet().iterator();
    } else if (value instanceof String text) {
      return text.codePoints().mapToObj(point -> (Object) Character.toString(point)).iterator();
    } else if (value instanceof DictView view) {
      return view.elements().iterator();
    } else if (value instanceof Generator generator) {
      return generator.elements();
    } else if (value instanceof Undefined) {
      return List.<Object>of().iterator();
    }
    throw new TemplateException("a value of type " + name(value) + " cannot be gone through");
  }

  /** Returns a new list of a value's elements, each a step. */
  static List<Object> list(Object value, Budget budget) {
    List<Object> elements = new ArrayList<>();
    for (Iterator<Object> each = iterator(value); each.hasNext(); ) {
      budget.step();
      elements.add(each.next());
    }
    return elements;
  }

  @SuppressWarnings("unchecked")
  static Map<Object, Object> dict(Object value) {
    return (Map<Object, Object>) value;
  }

  /**
   * Returns a copy of a value from outside that holds nothing but plain values.
   *
   * @param place what it is called, for errors
   */
  static Object plain(Object value, String place, Budget budget) {
    budget.step();
    if (value == null
        || value instanceof String
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double) {
      return value;
    } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    } else if (value instanceof Float number) {
      return number.doubleValue();
    }
    budget.enter();
    Object copy;
    if (value instanceof List<?> list) {
      List<Object> items = new ArrayList<>(list.size());
      for (Object item : list) {
        items.add(plain(item, place, budget));
      }
      copy = items;
    } else if (value instanceof Map<?, ?> map) {
      Map<Object, Object> dict = new LinkedHashMap<>();
      map.forEach(
          (key, item) -> {
            if (!(key instanceof String)) {
              throw new TemplateException(place + " has a key that is no string");
            }
            dict.put(key, plain(item, place, budget));
          });
      copy = dict;
    } else {
      throw new TemplateException(
          place + " has a " + value.getClass().getName() + ", which no template can be given");
    }
    budget.leave();
    return copy;
  }
}
