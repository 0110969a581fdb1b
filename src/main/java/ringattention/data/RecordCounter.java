package ringattention.data;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import ringattention.data.CorpusCounts.Reason;
import ringattention.input.InputException;

/**
 * Counts the records of a corpus, and decides what becomes of one that cannot be used: an error, or
 * with {@code data.skipBad} one more of its reason. Reasons that differ only in what stands in the
 * record are one, and there are at most {@link #MOST}, so a corpus of any size has short counts.
 */
final class RecordCounter {
  static final int MOST = 32; // reasons; others are counted together
  static final String OTHERS = "other reasons";
  private static final int LONGEST = 200; // characters of a reason

  private final boolean skips;
  private final Map<String, Long> messages = new TreeMap<>();
  private final Map<String, Reason> skipped = new LinkedHashMap<>();
  private String last = ""; // place and reason of the record that was skipped last
  private long bad;
  private long used;
  private long empty;

  /**
   * @param skips see {@code data.skipBad}
   */
  RecordCounter(boolean skips) {
    this.skips = skips;
  }

  boolean skips() {
    return skips;
  }

  /** Returns how many records were skipped so far. */
  long skipped() {
    return bad;
  }

  /** Returns place and reason of the record that was skipped last. */
  String last() {
    return last;
  }

  /** Counts a record that became a document. */
  void used() {
    used++;
  }

  /** Counts a conversation that became a document. */
  void used(Chat chat) {
    used();
    for (int i = 0; i < chat.messages().size(); i++) {
      messages.merge(chat.role(i), 1L, Long::sum);
    }
  }

  /** Counts a record that holds an empty text. */
  void empty() {
    empty++;
  }

  /**
   * Counts a record that cannot be used.
   *
   * @param place file and line
   * @param error that says so where nothing is skipped
   */
  void bad(String place, String reason, InputException error) {
    if (!skips) {
      throw error;
    }
    bad++;
    last = place + ": " + reason;
    String general = general(reason);
    String key = skipped.size() < MOST || skipped.containsKey(general) ? general : OTHERS;
    skipped.merge(
        key,
        new Reason(key, 1, place),
        (before, one) -> new Reason(key, before.count() + 1, before.first()));
  }

  /** Returns a reason without what stands in the record: quoted words, numbers, names of fields. */
  static String general(String reason) {
    String line = reason.lines().findFirst().orElse("");
    String general =
        line.replaceAll("\"[^\"]*\"?", "\"...\"")
            .replaceAll("(?<![\\p{L}\\d])'[^']*'(?!\\p{L})", "'...'")
            .replaceAll("\\d+", "N")
            .replaceFirst("; has .*", "");
    return general.length() > LONGEST ? general.substring(0, LONGEST) + "..." : general;
  }

  /** Returns what was counted so far, without tokens. */
  CorpusCounts counts() {
    List<Reason> reasons =
        skipped.values().stream()
            .sorted(Comparator.comparingLong(Reason::count).reversed()) // stable: first seen first
            .toList();
    return new CorpusCounts(used + empty + bad, empty, messages, 0, 0, reasons);
  }
}
