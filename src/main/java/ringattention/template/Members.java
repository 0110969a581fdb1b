package ringattention.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Attributes and items of values. {@code x.name} is a method if the type has one of that name, else
 * an item; {@code x['name']} is an item, else a method. What would change a value, and what begins
 * with underscores, the sandbox does not show.
 */
final class Members {
  private static final Set<String> CHANGES_LIST =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> CHANGES_DICT =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Members() {}

  static Object attribute(Object owner, String name, Budget budget) {
    if (owner instanceof Undefined undefined) {
      throw undefined.fault();
    }
    Object own = own(owner, name, budget);
    if (own != Dicts.ABSENT) {
      return own;
    }
    Object key = owner instanceof Map ? Dicts.key(Types.dict(owner), name, budget) : Dicts.ABSENT;
    return key == Dicts.ABSENT ? Undefined.member(owner, name) : Types.dict(owner).get(key);
  }

  static Object item(Object owner, Object key, Budget budget) {
    if (owner instanceof Undefined undefined) {
      throw undefined.fault();
    }
    Object found = element(owner, key, budget);
    if (found == Dicts.ABSENT && key instanceof String name) {
      Object own = own(owner, name, budget);
      return own != Dicts.ABSENT ? own : Undefined.member(owner, key);
    }
    return found == Dicts.ABSENT ? Undefined.member(owner, key) : found;
  }

  private static Object element(Object owner, Object key, Budget budget) {
    if (owner instanceof Map) {
      Map<Object, Object> dict = Types.dict(owner);
      Object same = Dicts.isHashable(key) ? Dicts.key(dict, key, budget) : Dicts.ABSENT;
      return same == Dicts.ABSENT ? same : dict.get(same);
    }
    if (!isSequence(owner) || !(PythonNumbers.number(key) instanceof Long index)) {
      return Dicts.ABSENT;
    }
    budget.reading(owner);
    long size = Types.size(owner);
    long place = index < 0 ? index + size : index;
    if (place < 0 || place >= size) {
      return Dicts.ABSENT;
    }
    if (owner instanceof String text) {
      return Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) place)));
    }
    return sequence(owner).get((int) place);
  }

  private static boolean isSequence(Object value) {
    return value instanceof String || value instanceof List || value instanceof Tuple;
  }

  private static List<?> sequence(Object value) {
    return value instanceof Tuple tuple ? tuple.items() : (List<?>) value;
  }

  /** What a type has by itself under a name; {@link Dicts#ABSENT} if nothing. */
  private static Object own(Object owner, String name, Budget budget) {
    if (owner instanceof Loop loop) {
      return loop.attribute(name);
    } else if (owner instanceof Namespace namespace) {
      return namespace.fields().getOrDefault(name, Dicts.ABSENT);
    }
    boolean changes =
        (owner instanceof List && CHANGES_LIST.contains(name))
            || (owner instanceof Map && CHANGES_DICT.contains(name));
    if (changes || (name.startsWith("__") && name.endsWith("__"))) {
      return Undefined.unsafe(owner, name);
    }
    return Methods.of(owner, name, budget);
  }

  /** Returns {@code owner[from:to:step]}; bounds that are not given are null. */
  static Object slice(Object owner, Object from, Object to, Object step, Budget budget) {
    if (owner instanceof Undefined undefined) {
      throw undefined.fault();
    } else if (!isSequence(owner)) {
      throw new TemplateException("a " + Types.name(owner) + " cannot be sliced");
    }
    budget.reading(owner);
    long stride = step == null ? 1 : bound(step);
    if (stride == 0) {
      throw new TemplateException("a slice with a step of 0");
    }
    long size = Types.size(owner);
    long begin = from == null ? (stride > 0 ? 0 : size - 1) : clip(bound(from), size, stride);
    long end = to == null ? (stride > 0 ? size : -1) : clip(bound(to), size, stride);
    if (owner instanceof String text) {
      return stride == 1 ? part(text, begin, end) : picked(text, begin, end, stride);
    }
    if (owner instanceof Range range) {
      return range.slice(begin, end, stride);
    }
    List<Object> items = new ArrayList<>();
    List<?> all = sequence(owner);
    for (long i = begin; stride > 0 ? i < end : i > end; i += stride) {
      budget.step();
      items.add(all.get((int) i));
    }
    return owner instanceof Tuple ? new Tuple(items) : items;
  }

  private static long bound(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    } else if (PythonNumbers.number(value) instanceof Long index) {
      return Math.max(-Integer.MAX_VALUE, Math.min(Integer.MAX_VALUE, index));
    }
    throw new TemplateException("a slice takes integers, not " + Types.name(value));
  }

  private static long clip(long index, long size, long step) {
    long place = index < 0 ? index + size : index;
    return step > 0 ? Math.max(0, Math.min(place, size)) : Math.max(-1, Math.min(place, size - 1));
  }

  private static String part(String text, long begin, long end) {
    if (begin >= end) {
      return "";
    }
    int from = text.offsetByCodePoints(0, (int) begin);
    return text.substring(from, text.offsetByCodePoints(from, (int) (end - begin)));
  }

  private static String picked(String text, long begin, long end, long step) {
    int[] points = text.codePoints().toArray();
    StringBuilder picked = new StringBuilder();
    for (long i = begin; step > 0 ? i < end : i > end; i += step) {
      picked.appendCodePoint(points[(int) i]);
    }
    return picked.toString();
  }
}
