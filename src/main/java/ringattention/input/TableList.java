package ringattention.input;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of keys in lists of tables, such as {@code data.source.2.path}: the tables are counted from
 * 1. What all tables of a list may have is named with {@link #NUMBER} in place of theirs.
 */
final class TableList {
  static final String NUMBER = "N";

  private static final Pattern NUMBERED = Pattern.compile("\\.\\d{1,4}(?=\\.|$)");

  private TableList() {}

  /** Returns the name of a key of any table of a list; a key of none as it is. */
  static String general(String key) {
    return NUMBERED.matcher(key).replaceFirst("." + NUMBER);
  }

  static boolean isGeneral(String key) {
    return key.contains("." + NUMBER + ".");
  }

  /** Returns the list that a general name is of. */
  static String list(String general) {
    return general.substring(0, general.indexOf("." + NUMBER + "."));
  }

  static boolean isNumbered(String key) {
    return NUMBERED.matcher(key).find();
  }

  /** Returns a general name with the number that a key has, if it has one. */
  static String numbered(String general, String key) {
    Matcher number = NUMBERED.matcher(key);
    return number.find()
        ? general.replaceFirst("\\." + NUMBER + "(?=\\.|$)", number.group())
        : general;
  }

  /**
   * Returns the numbers of the tables of a list, from 1 on.
   *
   * @param list its full name
   * @throws InputException if a number is left out
   */
  static List<String> numbers(Map<String, Object> leaves, String list, Source source) {
    Map<Integer, String> keys = new TreeMap<>();
    for (String key : leaves.keySet()) {
      if (key.startsWith(list + ".")) {
        keys.putIfAbsent(Integer.parseInt(key.substring(list.length() + 1).split("\\.")[0]), key);
      }
    }
    List<String> numbers = new ArrayList<>();
    keys.forEach(
        (number, key) -> {
          int next = numbers.size() + 1;
          if (number != next) {
            String problem = "there is no " + list + "." + next + " before it";
            throw source.error(key, leaves.get(key), problem);
          }
          numbers.add(number.toString());
        });
    return numbers;
  }
}
