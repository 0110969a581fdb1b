package ringattention.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Events of a run for programs to read: {@code run.jsonl}, one object per line. */
public final class EventLog {
  private final Json json = new Json();
  private final Consumer<String> file;

  /**
   * @param file takes the lines for {@code run.jsonl}
   */
  public EventLog(Consumer<String> file) {
    this.file = file;
  }

  /**
   * @param event {@code start}, {@code step}, {@code check}, {@code end}; written first, under the
   *     key {@code event}
   * @param values in the order of writing; keys end in their SI unit ({@code time_s}, {@code
   *     memory_bytes}); numbers that are not finite become null
   */
  public void write(String event, Map<String, ?> values) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    line.putAll(values);
    file.accept(json.line(line));
  }
}
