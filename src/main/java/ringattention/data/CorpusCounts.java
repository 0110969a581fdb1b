package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was read of a corpus while it was tokenized. It stays with the tokens, so a cached corpus
 * tells the same.
 *
 * @param records objects of JSON that were read; 0 where files are texts
 * @param empty of them, that hold an empty text and are no document
 * @param messages of conversations that became documents, by role
 * @param labels tokens that are to be predicted from the one before in their document
 * @param firsts tokens that are to be predicted and begin a document: only a stream has what they
 *     are predicted from
 * @param skipped why records were left out, the most frequent reason first
 */
public record CorpusCounts(
    long records,
    long empty,
    Map<String, Long> messages,
    long labels,
    long firsts,
    List<Reason> skipped) {
  /** Of a corpus that is no file of tokens. */
  static final CorpusCounts NONE = new CorpusCounts(0, 0, Map.of(), 0, 0, List.of());

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Records that were skipped for the same reason.
   *
   * @param text without the values of a record, numbers among them
   * @param first file and line of the first of them
   */
  public record Reason(String text, long count, String first) {}

  public CorpusCounts {
    messages = Collections.unmodifiableMap(new LinkedHashMap<>(messages));
    skipped = List.copyOf(skipped);
  }

  /** Returns the number of records that were skipped. */
  public long skippedRecords() {
    return skipped.stream().mapToLong(Reason::count).sum();
  }

  /** Returns lines that say how many records were skipped, and why; none if none was. */
  public List<String> skippedLines() {
    if (skipped.isEmpty()) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    lines.add(
        "skipped " + skippedRecords() + " of " + records + " records (data.skipBad), by reason:");
    skipped.forEach(
        reason ->
            lines.add("  " + reason.count() + " x " + reason.text() + " (" + reason.first() + ")"));
    return lines;
  }

  /** Returns what was counted of several corpora together. */
  static CorpusCounts sum(List<CorpusCounts> parts) {
    Map<String, Long> messages = new LinkedHashMap<>();
    Map<String, Reason> reasons = new LinkedHashMap<>();
    for (CorpusCounts part : parts) {
      part.messages.forEach((role, count) -> messages.merge(role, count, Long::sum));
      for (Reason reason : part.skipped) {
        reasons.merge(
            reason.text(),
            reason,
            (one, more) -> new Reason(one.text(), one.count() + more.count(), one.first()));
      }
    }
    return new CorpusCounts(
        parts.stream().mapToLong(CorpusCounts::records).sum(),
        parts.stream().mapToLong(CorpusCounts::empty).sum(),
        messages,
        parts.stream().mapToLong(CorpusCounts::labels).sum(),
        parts.stream().mapToLong(CorpusCounts::firsts).sum(),
        reasons.values().stream()
            .sorted(Comparator.comparingLong(Reason::count).reversed())
            .toList());
  }

  CorpusCounts withPredicted(long inDocuments, long first) {
    return new CorpusCounts(records, empty, messages, inDocuments, first, skipped);
  }

  /** Returns the same bytes for the same counts, in every process. */
  byte[] json() {
    try {
      return MAPPER.writeValueAsBytes(this);
    } catch (JacksonException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IOException if it did not
   */
  static CorpusCounts of(byte[] json) throws IOException {
    return MAPPER.readValue(json, CorpusCounts.class);
  }
}
