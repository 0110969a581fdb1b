package ringattention.report;

import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Events of a run for programs to read: {@code run.jsonl}, one object per line. */
public final class EventLog {
  /** The key of the wall-clock time, behind all others: readers look for the step in front. */
  static final String TIME = "time";

  private final Json json = new Json();
  private final Consumer<String> file;
  private final Clock clock;

  /**
   * @param file takes the lines for {@code run.jsonl}
   */
  public EventLog(Consumer<String> file) {
    this(file, Clock.systemUTC());
  }

  EventLog(Consumer<String> file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * @param event {@code start}, {@code step}, {@code check}, {@code end}; written first, under the
   *     key {@code event}
   * @param values in the order of writing; keys end in their SI unit ({@code time_s}, {@code
   *     memory_bytes}); numbers that are not finite become null; the time in UTC comes last, under
   *     the key {@code time}
   */
  public void write(String event, Map<String, ?> values) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    line.putAll(values);
    line.put(TIME, clock.instant().truncatedTo(ChronoUnit.MILLIS).toString());
    file.accept(json.line(line));
  }
}
