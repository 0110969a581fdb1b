package ringattention.data;

/** Texts that UTF-8 can hold. */
final class WellFormed {
  private static final char REPLACEMENT = '\ufffd';

  private WellFormed() {}

  /**
   * Returns the text with U+FFFD in the place of every half of a surrogate pair that stands alone,
   * as JSON may spell it. The native library would take such a text for other bytes, whole pairs
   * and U+0000 included, and {@link String#getBytes} would write a question mark.
   */
  static String text(String text) {
    StringBuilder changed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        changed = changed == null ? new StringBuilder(text) : changed;
        changed.setCharAt(i, REPLACEMENT);
      }
    }
    return changed == null ? text : changed.toString();
  }
}
