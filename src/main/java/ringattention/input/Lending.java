package ringattention.input;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Puts the values of a file that a key names among those of the input.
 *
 * @param section of the key
 * @param from the full key that names the file
 * @param source is told which values are borrowed, and which replaced
 */
record Lending(String section, String from, Lender lender, Source source) {
  /**
   * Returns all values by full key.
   *
   * @param leaves those of the input
   * @throws InputException if the input has another value than the file where it must not
   */
  Map<String, Object> to(Map<String, Object> leaves) {
    Map<String, Object> all = new LinkedHashMap<>(leaves);
    lender.values().forEach((key, given) -> require(all, section + "." + key, given));
    lender.defaults(own(leaves)).forEach((key, given) -> offer(all, section + "." + key, given));
    lender.remarks(own(leaves)).forEach(source::remark);
    return all;
  }

  private void require(Map<String, Object> all, String name, Lender.Given given) {
    Object before = all.put(name, given.value());
    if (before != null && !same(before, given.value())) {
      String allowed = "must be " + Toml.write(given.value()) + " or not given";
      String where = ", the " + lender.file() + " of " + from;
      throw source.error(name, before, allowed + where + " says " + given.field());
    }
    borrow(name, given);
  }

  private void offer(Map<String, Object> all, String name, Lender.Given given) {
    Object before = all.putIfAbsent(name, given.value());
    if (before == null) {
      borrow(name, given);
    } else if (!same(before, given.value())) {
      source.replace(name, given.value());
    }
  }

  private void borrow(String name, Lender.Given given) {
    source.borrow(name, from, lender.file() + ": " + given.field());
  }

  /** Returns the values of the section by key. */
  private Map<String, Object> own(Map<String, Object> leaves) {
    String prefix = section + ".";
    Map<String, Object> own = new LinkedHashMap<>();
    leaves.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            own.put(name.substring(prefix.length()), value);
          }
        });
    return own;
  }

  private static boolean same(Object one, Object other) {
    return one instanceof Number number && other instanceof Number expected
        ? number.doubleValue() == expected.doubleValue()
        : one.equals(other);
  }
}
