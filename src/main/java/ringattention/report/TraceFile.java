package ringattention.report;

import static java.util.Comparator.reverseOrder;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.metrics.Span;
import ringattention.metrics.Track;

/**
 * {@code trace.json}, in the Trace Event Format that Perfetto and chrome://tracing open: a process
 * for each rank, a thread for each {@link Track}, times in microseconds.
 */
public final class TraceFile {
  private final Json json = new Json();

  /**
   * One rank's part of the file: a line for each event.
   *
   * @param host the rank runs on
   * @param zero where the file's time starts, in nanoseconds of that host's clock
   */
  public String events(int rank, String host, long zero, List<Span> spans) {
    List<String> lines = new ArrayList<>();
    lines.add(name("process_name", rank, 0, "rank " + rank + " on " + host));
    lines.add(order("process_sort_index", rank, 0, rank));
    for (Track track : Track.values()) {
      if (spans.stream().anyMatch(span -> span.track() == track)) {
        lines.add(name("thread_name", rank, track.ordinal(), track.title()));
        lines.add(order("thread_sort_index", rank, track.ordinal(), track.ordinal()));
      }
    }
    List<Span> ordered = new ArrayList<>(spans);
    ordered.sort(Comparator.comparingLong(Span::from).thenComparing(Span::to, reverseOrder()));
    for (Span span : ordered) { // outer ones first, as viewers want them
      Map<String, Object> event = event(span.name(), "X", rank, span.track().ordinal());
      event.put("ts", (span.from() - zero) / 1e3);
      event.put("dur", (span.to() - span.from()) / 1e3);
      lines.add(json.line(event));
    }
    return String.join(",\n", lines);
  }

  /** The whole file from the {@link #events} of all ranks. */
  public static String of(List<String> ranks) {
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + String.join(",\n", ranks) + "\n]}\n";
  }

  private String name(String what, int rank, int thread, String name) {
    Map<String, Object> event = event(what, "M", rank, thread);
    event.put("args", Map.of("name", name));
    return json.line(event);
  }

  private String order(String what, int rank, int thread, int index) {
    Map<String, Object> event = event(what, "M", rank, thread);
    event.put("args", Map.of("sort_index", index));
    return json.line(event);
  }

  private static Map<String, Object> event(String name, String kind, int rank, int thread) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("name", name);
    event.put("ph", kind);
    event.put("pid", rank);
    event.put("tid", thread);
    return event;
  }
}
