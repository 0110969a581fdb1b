package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import ringattention.metrics.Span;
import ringattention.metrics.Track;

class TraceFileTest {
  private static JsonNode events(String... ranks) throws JsonProcessingException {
    JsonNode file = new ObjectMapper().readTree(TraceFile.of(List.of(ranks)));
    assertEquals("ms", file.path("displayTimeUnit").asText());
    return file.path("traceEvents");
  }

  @Test
  void spansInMicrosecondsFromZeroOuterFirst() throws JsonProcessingException {
    List<Span> spans =
        List.of(
            new Span(Track.HOST, "inner \"x\"", 5_000_000_000L, 5_000_000_001L),
            new Span(Track.HOST, "outer", 5_000_000_000L, 5_000_012_345L),
            new Span(Track.KEY_VALUES, "for step 1", 4_999_999_500L, 5_000_000_500L));
    List<String> seen = new ArrayList<>();
    for (JsonNode event : events(new TraceFile().events(3, "here", 4_999_999_000L, spans))) {
      assertEquals(3, event.path("pid").asInt(-1));
      if (event.path("ph").asText().equals("X")) {
        seen.add(
            event.path("tid").asInt(-1)
                + " "
                + event.path("name").asText()
                + " "
                + event.path("ts").asDouble(-1)
                + " "
                + event.path("dur").asDouble(-1));
      }
    }
    assertEquals(
        List.of("2 for step 1 0.5 1.0", "0 outer 1.0 12.345", "0 inner \"x\" 1.0 0.001"), seen);
  }

  @Test
  void ranksAndTracksHaveNames() throws JsonProcessingException {
    TraceFile file = new TraceFile();
    Span span = new Span(Track.DEVICE, "merge", 0, 1);
    Map<String, String> names = new TreeMap<>();
    for (JsonNode event :
        events(file.events(0, "a", 0, List.of(span)), file.events(1, "b", 0, List.of()))) {
      if (event.path("name").asText().endsWith("_name")) {
        assertEquals("M", event.path("ph").asText());
        names.put(
            event.path("name").asText() + event.path("pid").asText() + event.path("tid").asText(),
            event.path("args").path("name").asText());
      }
    }
    assertEquals(
        Map.of(
            "process_name00", "rank 0 on a",
            "process_name10", "rank 1 on b",
            "thread_name01", "device: work"),
        names);
  }
}
