package ringattention.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import ringattention.input.BoundedFile;
import ringattention.input.InputException;
import ringattention.input.UsedInputs;

/** What a run's folder says about it: {@code run.jsonl} and {@code used_inputs.toml}. */
public final class RecordedRun {
  private static final String EVENTS = "run.jsonl";
  private static final String INPUTS = "used_inputs.toml";
  private static final Set<String> DIRECTORY = Set.of("begin", "start"); // events that have one
  private static final int LARGEST_INPUT = 16; // MiB

  /**
   * One step.
   *
   * @param loss NaN where it was not finite, or no label of the step counts
   * @param seen up to its end; empty if an earlier version of the program wrote it
   */
  record Step(
      double loss, double timeS, double tokensPerS, OptionalDouble mfu, Optional<DataSeen> seen) {}

  private final Path folder;
  private final TreeMap<Long, Step> steps = new TreeMap<>(); // of a step done twice, the last
  private final UsedInputs inputs;
  private final Instant written;
  private final Optional<LockHolder> holder;
  private final TreeMap<Long, Map<String, String>> starts = new TreeMap<>();
  private Map<String, String> begin =
      Map.of(); // of the last part, whose start may not be there yet
  private Optional<JsonNode> end = Optional.empty(); // of the last start, if it has ended
  private Optional<String> phase = Optional.empty(); // what it did last, but for steps

  private RecordedRun(
      Path folder, UsedInputs inputs, Instant written, Optional<LockHolder> holder) {
    this.folder = folder;
    this.inputs = inputs;
    this.written = written;
    this.holder = holder;
  }

  /**
   * @throws InputException if it is not the folder of a run
   */
  public static RecordedRun read(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InputException(folder + ": no such folder");
    }
    Path events = folder.resolve(EVENTS);
    try {
      if (!Files.isRegularFile(events)) {
        throw new InputException(folder + ": is not the folder of a run: holds no " + EVENTS);
      }
      UsedInputs inputs = UsedInputs.of(BoundedFile.text(folder.resolve(INPUTS), LARGEST_INPUT));
      RecordedRun run =
          new RecordedRun(
              folder,
              inputs,
              Files.getLastModifiedTime(events).toInstant(),
              RunLock.holder(folder)); // before the events: a run leaves it after its last
      new JsonLines().forEach(events, run::take);
      return run;
    } catch (InputException e) {
      throw new InputException(
          e.getMessage().startsWith(folder.toString())
              ? e.getMessage()
              : folder + ": " + e.getMessage());
    } catch (IOException e) {
      throw new InputException(folder + ": " + INPUTS + " or " + EVENTS + " cannot be read");
    }
  }

  /**
   * Returns the working directory of a run, of its last start: what its relative paths are relative
   * to. Empty if its folder does not say.
   */
  public static Optional<Path> directory(Path folder) {
    AtomicReference<String> last = new AtomicReference<>("");
    try {
      new JsonLines()
          .forEach(
              folder.resolve(EVENTS),
              event -> {
                if (DIRECTORY.contains(event.path("event").asText())) {
                  last.set(event.path("directory").asText());
                }
              });
    } catch (IOException none) { // a checkpoint may be all that is left of a run
      return Optional.empty();
    }
    return Optional.of(last.get()).filter(text -> !text.isEmpty()).map(Path::of);
  }

  private void take(JsonNode event) {
    switch (event.path("event").asText()) {
      case "begin" -> {
        begin = texts(event);
        end = Optional.empty();
      }
      case "phase" -> phase = Optional.of(event.path("phase").asText());
      case "start" -> {
        long first = event.path("resumed_step").asLong() + 1;
        starts.tailMap(first).clear(); // their steps are done again
        starts.put(first, texts(event));
        end = Optional.empty();
      }
      case "step" -> {
        phase = Optional.empty();
        if (event.path("step").isIntegralNumber()) {
          steps.put(event.get("step").asLong(), step(event));
        }
      }
      case "end" -> end = Optional.of(event);
      default -> {} // of no interest here
    }
  }

  private static Step step(JsonNode event) {
    JsonNode mfu = event.path("mfu_causal");
    return new Step(
        number(event.path("loss")),
        number(event.path("time_s")),
        number(event.path("tokens_per_s")),
        mfu.isNumber() ? OptionalDouble.of(mfu.asDouble()) : OptionalDouble.empty(),
        DataSeen.of(event));
  }

  private static double number(JsonNode node) {
    return node.isNumber() ? node.asDouble() : Double.NaN;
  }

  private static Map<String, String> texts(JsonNode event) {
    Map<String, String> texts = new LinkedHashMap<>();
    event
        .fields()
        .forEachRemaining(
            entry -> {
              JsonNode value = entry.getValue();
              texts.put(entry.getKey(), value.isTextual() ? value.asText() : value.toString());
            });
    return texts;
  }

  Path folder() {
    return folder;
  }

  /**
   * Returns the number and loss of the last step that has one; NaN at the last step if none has.
   */
  Map.Entry<Long, Double> lastLoss() {
    return steps.descendingMap().entrySet().stream()
        .filter(entry -> Double.isFinite(entry.getValue().loss()))
        .findFirst()
        .map(entry -> Map.entry(entry.getKey(), entry.getValue().loss()))
        .orElseGet(() -> Map.entry(steps.lastKey(), Double.NaN));
  }

  /** By number. */
  TreeMap<Long, Step> steps() {
    return steps;
  }

  UsedInputs inputs() {
    return inputs;
  }

  /** When it last wrote a line. */
  Instant written() {
    return written;
  }

  /** The process that has its folder, or had it when it was killed; empty if none has. */
  Optional<LockHolder> holder() {
    return holder;
  }

  /** The fields of its last start, as text. */
  Map<String, String> start() {
    return starts.isEmpty() ? begin : starts.lastEntry().getValue();
  }

  /** The fields of the starts that made its steps, as text, by the first step of each. */
  SortedMap<Long, Map<String, String>> starts() {
    return starts;
  }

  /** Returns what it does where that is no step, in words. */
  Optional<String> phase() {
    return phase;
  }

  /**
   * Returns whether a process has taken the folder since the last line was written: it goes on with
   * the run, and changes nothing before it has read what it needs.
   */
  boolean isTakenUp() {
    return end.isPresent()
        && holder.filter(process -> process.state() == LockHolder.State.ALIVE).isPresent()
        && RunLock.taken(folder).filter(written::isBefore).isPresent();
  }

  /** Its end, unless it is running or was killed. */
  Optional<JsonNode> end() {
    return end;
  }
}
