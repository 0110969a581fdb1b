package ringattention.template;

import java.util.Map;

/** Keys of dicts: equal numbers are the same key, whatever their types. */
final class Dicts {
  /** What {@link #key} returns for a key that is not there. */
  static final Object ABSENT = new Object();

  private Dicts() {}

  /**
   * Returns the key of a dict that equals another, or {@link #ABSENT}.
   *
   * @throws TemplateException for a value that can be no key
   */
  static Object key(Map<Object, Object> dict, Object key, Budget budget) {
    if (dict.containsKey(hashable(key))) {
      return key;
    }
    if (PythonNumbers.number(key) != null) {
      for (Object other : dict.keySet()) {
        if (Operators.equal(other, key, budget)) {
          return other;
        }
      }
    }
    return ABSENT;
  }

  /** Sets an entry; an equal key that is there already stays as it was. */
  static void put(Map<Object, Object> dict, Object key, Object value, Budget budget) {
    Object same = key(dict, key, budget);
    dict.put(same == ABSENT ? key : same, value);
  }

  /** Whether a value can be a key here. Python also takes tuples and functions. */
  static boolean isHashable(Object key) {
    return key == null || key instanceof String || PythonNumbers.number(key) != null;
  }

  private static Object hashable(Object key) {
    if (!isHashable(key) && !(key instanceof Undefined)) {
      throw new TemplateException("a " + Types.name(key) + " can be no key of a dict");
    }
    return key;
  }
}
