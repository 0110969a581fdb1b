package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code --trace} leaves, with the built program. */
class TraceIT {
  private static final double ROUNDING = 1e-3; // microseconds; times are in nanoseconds

  private record Event(int rank, int track, String name, double from, double to) {}

  private static List<Event> events(Run run) throws IOException {
    assertEquals(0, run.job().exitCode(), run.job().output());
    Path file = run.folder().resolve("trace.json");
    JsonNode nodes = new ObjectMapper().readTree(Files.readString(file)).path("traceEvents");
    List<Event> events = new ArrayList<>();
    for (JsonNode node : nodes) {
      if (node.path("ph").asText().equals("X")) {
        double from = node.path("ts").asDouble();
        events.add(
            new Event(
                node.path("pid").asInt(),
                node.path("tid").asInt(),
                node.path("name").asText(),
                from,
                from + node.path("dur").asDouble()));
      }
    }
    return events;
  }

  private static List<Event> named(String name, int rank, List<Event> events) {
    return events.stream()
        .filter(event -> event.rank() == rank && event.name().equals(name))
        .sorted(Comparator.comparingDouble(Event::from))
        .toList();
  }

  /** Everything lies within one event of its rank, and nests on its track. */
  private static Event whole(String name, int rank, List<Event> events) {
    List<Event> found = named(name, rank, events);
    assertEquals(1, found.size(), name);
    Event whole = found.get(0);
    assertTrue(whole.from() >= 0, whole.toString());
    List<Event> own = events.stream().filter(event -> event.rank() == rank).toList();
    for (Event event : own) {
      assertTrue(event.from() >= whole.from() - ROUNDING, event + " before " + whole);
      assertTrue(event.to() <= whole.to() + ROUNDING, event + " after " + whole);
    }
    for (int track : own.stream().map(Event::track).collect(Collectors.toSet())) {
      Deque<Event> open = new ArrayDeque<>();
      for (Event event : own.stream().filter(e -> e.track() == track).toList()) { // outer first
        while (!open.isEmpty() && open.peek().to() <= event.from() + ROUNDING) {
          open.pop();
        }
        assertTrue(
            open.isEmpty() || event.to() <= open.peek().to() + ROUNDING,
            event + " does not nest in " + open.peek());
        open.push(event);
      }
    }
    return whole;
  }

  /** No hop ends before the neighbour has begun it: both ranks' times are on one clock. */
  private static void requireOneClock(List<Event> events) {
    for (int rank = 0; rank < 2; rank++) {
      List<Event> here = named("for step 1", rank, events);
      List<Event> there = named("for step 1", 1 - rank, events);
      assertEquals(here.size(), there.size());
      for (int hop = 0; hop < here.size(); hop++) {
        assertTrue(here.get(hop).to() >= there.get(hop).from(), here.get(hop) + " too early");
      }
    }
  }

  @Test
  void trainTracesOneStepOfAllRanks(@TempDir Path folder) throws IOException {
    Run run = new Program(folder).train(2, "traced", "--trace=3");
    List<Event> events = events(run);
    double longest = 0;
    for (int rank = 0; rank < 2; rank++) {
      Event step = whole("step 3", rank, events);
      longest = Math.max(longest, step.to() - step.from());
      Set<String> names = new TreeSet<>();
      events.stream().map(Event::name).forEach(names::add);
      for (String name :
          List.of("attention", "ring wait (not hidden)", "merge", "for step 1", "for step 2")) {
        assertFalse(named(name, rank, events).isEmpty(), name + " is not in " + names);
      }
      for (String start : List.of("forward step 0: ", "forward step 1: ", "backward step 1: ")) {
        assertTrue(names.stream().anyMatch(name -> name.startsWith(start)), start + names);
      }
      // a wait of the ring is the end of a hop
      int waits = named("ring wait (not hidden)", rank, events).size();
      int keyValueHops = named("for step 1", rank, events).size();
      int gradientHops = named("for step 2", rank, events).size();
      assertEquals(keyValueHops + gradientHops, waits);
    }
    double stepSeconds = Double.parseDouble(run.column("time_s").get(2));
    assertTrue(longest >= stepSeconds * 1e6 * 0.999, longest + " us of " + stepSeconds + " s");
    requireOneClock(events);
  }

  @Test
  void benchTracesOnePassOfTheRing(@TempDir Path folder) throws IOException {
    Program program = new Program(folder);
    Path output = program.file("traced");
    Run run =
        new Run(
            program.inProcess(
                2,
                "bench",
                "attention",
                program.file("small.toml").toString(),
                "-o",
                output.toString(),
                "--trace"),
            output);
    List<Event> events = events(run);
    for (int rank = 0; rank < 2; rank++) {
      whole("zigzag, causal, 128 tokens x 1, heads 2/2 x 16", rank, events);
      assertEquals(2, named("attention", rank, events).size(), "forward and backward");
      assertEquals(3, named("ring wait (not hidden)", rank, events).size());
    }
    requireOneClock(events);
  }
}
