package ringattention.infer;

import java.util.List;

/**
 * Looks for stop strings in a text that comes in parts, however it is cut into them. Text is held
 * back only as long as a stop string may still begin there. The stop string that is complete first
 * ends the text; of several that are complete at the same character, the one that begins first.
 */
final class StopText {
  private final List<String> stops;
  private String held = "";
  private boolean isStopped;

  StopText(List<String> stops) {
    this.stops = stops;
  }

  /**
   * Takes the next part. Returns the text that is certain to come before any stop string; nothing
   * more once one was found.
   */
  String add(String part) {
    if (isStopped) {
      return "";
    }
    String text = held + part;
    int start = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int found = text.indexOf(stop);
      int behind = found + stop.length();
      if (found >= 0 && (behind < end || behind == end && found < start)) {
        start = found;
        end = behind;
      }
    }
    isStopped = start >= 0;
    int certain = isStopped ? start : text.length() - possible(text);
    held = isStopped ? "" : text.substring(certain);
    return text.substring(0, certain);
  }

  /** Returns how many of the last characters may be the beginning of a stop string. */
  private int possible(String text) {
    int most = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, text.length()); n > most; n--) {
        if (text.regionMatches(text.length() - n, stop, 0, n)) {
          most = n;
        }
      }
    }
    return most;
  }

  /** Returns what was held back, when no text follows. */
  String finish() {
    String rest = held;
    held = "";
    return rest;
  }

  boolean isStopped() {
    return isStopped;
  }
}
