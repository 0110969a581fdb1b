package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.Program;
import ringattention.Run;

/** What a run prints, writes and ends with is what its steps gave. */
class TrainingRunTest {
  private static final List<String> SMALL =
      List.of("model.layers=1", "train.sequence=33", "train.warmupSteps=0", "device.kind=cpu");

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void writeInput() {
    program = new Program(folder);
  }

  private Run train(int ranks, String output, String... keys) {
    List<String> more = new ArrayList<>();
    SMALL.forEach(key -> more.addAll(List.of("-D", key)));
    for (String key : keys) {
      more.addAll(key.startsWith("--") ? List.of(key) : List.of("-D", key));
    }
    return program.trainInProcess(ranks, output, more.toArray(String[]::new));
  }

  private static Run ended(Run run, int exitCode, String verdict) {
    assertEquals(exitCode, run.job().exitCode(), run.job().output());
    assertTrue(run.lastLine().startsWith(verdict), run.lastLine());
    assertEquals(exitCode, run.summary().get("exit_code").asInt());
    return run;
  }

  private static List<JsonNode> events(Run run, String name) {
    return run.events().stream().filter(e -> e.get("event").asText().equals(name)).toList();
  }

  private static List<String> printed(Run run, String start) {
    return run.printed().stream().filter(line -> line.startsWith(start)).toList();
  }

  private static List<Double> numbers(Run run, String column) {
    return run.column(column).stream().map(Double::parseDouble).toList();
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private static double number(Run run, String key) {
    return run.summary().get(key).asDouble();
  }

  /** Every fifth line, the first and the last; two sequences a step; rates without the first. */
  @Test
  void numbersAreThoseOfTheSteps() {
    Run run =
        ended(
            train(2, "run", "train.steps=12", "train.batch=2", "train.reportEvery=5"),
            0,
            "VALID: final loss ");
    List<String> lines = printed(run, "step ");
    assertEquals(4, lines.size(), lines.toString());
    for (int i = 0; i < 4; i++) {
      assertTrue(lines.get(i).startsWith("step %2d/12 ".formatted(List.of(1, 5, 10, 12).get(i))));
    }
    List<Double> times = numbers(run, "time_s");
    for (int i = 0; i < 12; i++) {
      assertEquals(
          66 / times.get(i), numbers(run, "tokens_per_s").get(i), 1e-6 * 66 / times.get(i));
    }
    double rate = 66 / mean(times.subList(1, 12));
    assertEquals(rate, number(run, "tokens_per_s"), 1e-9 * rate);
    List<Double> sorted = times.subList(1, 12).stream().sorted().toList();
    assertEquals(sorted.get(5), number(run, "step_p50_s"), 1e-12);
    assertTrue(number(run, "step_p99_s") <= sorted.get(10));
    assertTrue(number(run, "step_p99_s") >= sorted.get(9));
    assertEquals(12, number(run, "steps"));
    assertEquals(0, number(run, "skipped_steps") + number(run, "steps_without_labels"));
    assertTrue(number(run, "planned_peak_bytes") > 10_000);
    assertEquals(number(run, "planned_peak_bytes"), number(run, "measured_peak_bytes"));
    String text = run.summary().get("verdict_text").asText();
    String expected =
        String.format(
            Locale.ROOT,
            "final loss %.4f, %.2f ktok/s without the first step, 2 ranks",
            numbers(run, "loss").get(11),
            rate * 1e-3);
    assertEquals(expected, text);
    assertTrue(printed(run, "Time, all steps, over ranks").size() == 1, run.job().output());
    assertTrue(printed(run, "ring attention").size() > 0 || run.job().output().contains("zigzag"));
    for (String name :
        List.of("memory", "loss falls", "last step is finite", "a step has a loss")) {
      assertTrue(
          events(run, "check").stream()
              .anyMatch(
                  c ->
                      c.get("name").asText().equals(name)
                          && c.get("verdict").asText().equals("PASSED")),
          name);
    }
    assertEquals(0, number(run, "resumed_step") + number(run, "checkpoints"));
    assertFalse(run.summary().has("checkpoint_step"));
  }

  @Test
  void heldOutLossesAreMeasuredWhenAsked() throws IOException {
    Path out = Files.writeString(folder.resolve("out.txt"), "7 times 8 is 56.\n".repeat(5));
    Run run =
        ended(
            train(1, "run", "train.steps=12", "validation.path=" + out, "validation.every=5"),
            0,
            "VALID");
    List<JsonNode> events = events(run, "validation");
    List<String> lines = printed(run, "held-out loss after step ");
    assertEquals(List.of(5, 10, 12), events.stream().map(one -> one.get("step").asInt()).toList());
    List<String> column = run.column("validation_loss");
    for (int i = 0; i < 3; i++) {
      JsonNode event = events.get(i);
      double loss = event.get("validation_loss").asDouble();
      assertEquals(84, event.get("labels").asInt());
      double bits = event.get("bits_per_byte").asDouble();
      assertEquals(loss / Math.log(2), bits, 1e-9);
      assertEquals(
          String.format(
              Locale.ROOT,
              "held-out loss after step %d: %.4f, %.4f bits per byte, accuracy %.2f%%, 84 labels",
              event.get("step").asInt(),
              loss,
              bits,
              100 * event.get("accuracy").asDouble()),
          lines.get(i));
      assertEquals(Double.toString(loss), column.get(event.get("step").asInt() - 1));
    }
    assertEquals("", column.get(3));
    double last = events.get(2).get("validation_loss").asDouble();
    assertEquals(last, number(run, "validation_loss"));
    assertTrue(run.lastLine().contains(String.format(Locale.ROOT, ", held-out loss %.4f,", last)));
    Run atEnd = train(1, "end", "train.steps=3", "validation.path=" + out);
    assertEquals(
        List.of(3), events(atEnd, "validation").stream().map(e -> e.get("step").asInt()).toList());
  }

  private JsonNode position(Run run, int step) throws IOException {
    Path file = run.folder().resolve("checkpoints/step_" + step + "/checkpoint.json");
    return new ObjectMapper().readTree(file.toFile()).get("position");
  }

  /** Every fourth step and the last; what a run that goes on reads in them. */
  @Test
  void checkpointsSayHowFarTheRunIs() throws IOException {
    String[] keys = {
      "train.steps=10",
      "train.batch=2",
      "checkpoint.every=4",
      "checkpoint.keep=9",
      "fault.kind=gradient",
      "fault.rank=0",
      "fault.step=4"
    };
    Run run = ended(train(1, "run", keys), 0, "VALID");
    assertEquals(
        List.of(4, 8, 10),
        events(run, "checkpoint").stream().map(e -> e.get("step").asInt()).toList());
    JsonNode faulty = position(run, 4);
    assertEquals(List.of(4, 4 * 66, 8, 3, 1), values(faulty));
    assertEquals(List.of(8, 8 * 66, 16, 7, 0), values(position(run, 8)));
    assertEquals(3, number(run, "checkpoints"));
    assertEquals(10, number(run, "checkpoint_step"));
    double stall =
        events(run, "checkpoint").stream().mapToDouble(e -> e.get("stall_s").asDouble()).sum();
    assertEquals(stall, number(run, "checkpoint_stall_s"), 1e-9);
    assertTrue(stall > 0);
    assertEquals(1, number(run, "skipped_steps"));
    assertEquals(1, events(run, "skip").size());
    assertEquals(1, printed(run, "step 4 skipped, weights are as before: loss ").size());
    assertEquals(3, printed(run, "checkpoint of step ").size());

    keys[0] = "train.steps=9";
    keys[2] = "checkpoint.atEnd=false";
    Run other = ended(train(1, "other", keys), 0, "VALID");
    assertFalse(Files.exists(other.folder().resolve("checkpoints")));
    Run twice = train(1, "twice", "train.steps=4", "checkpoint.every=4");
    assertEquals(1, events(twice, "checkpoint").size(), "the last step is not saved twice");
  }

  private static List<Integer> values(JsonNode position) {
    return List.of("step", "tokens", "next_sequence", "updates", "skipped").stream()
        .map(key -> position.get(key).asInt())
        .toList();
  }

  /** Stopped by the clock, queued again, and the same as if it had not been. */
  @Test
  void aStoppedRunGoesOn() throws IOException {
    String[] keys = {"train.steps=6", "train.seed=3"};
    Run whole = ended(train(1, "whole", keys), 0, "VALID");
    String[] limited = Arrays.copyOf(keys, 3);
    limited[2] = "--max-minutes=0.0001";
    Run stopped =
        ended(
            train(1, "run", limited),
            75,
            "STOPPED: after step 1 of 6 by --max-minutes, with a checkpoint; --resume goes on");
    assertEquals(1, printed(stopped, "--max-minutes: stopping after step 1").size());
    assertEquals(1, number(stopped, "stopped_step"));
    assertEquals(6, number(stopped, "steps"));
    assertEquals(0, number(stopped, "skipped_steps"));
    assertEquals("--max-minutes", stopped.summary().get("stopped_by").asText());
    assertEquals(1, number(stopped, "checkpoint_step"));
    assertEquals(List.of(1, 33, 1, 1, 0), values(position(stopped, 1)));
    limited[2] = "--resume";
    Run resumed = ended(train(1, "run", limited), 0, "VALID");
    assertEquals(whole.column("loss"), resumed.column("loss"));
    assertEquals(1, number(resumed, "resumed_step"));
    List<Double> times = numbers(resumed, "time_s").subList(2, 6);
    assertEquals(
        33 / mean(times), number(resumed, "tokens_per_s"), 1e-6 * number(resumed, "tokens_per_s"));
    Run again =
        train(1, "run", "train.steps=6", "train.seed=3", "checkpoint.atEnd=true", "--resume");
    assertEquals(0, again.job().exitCode(), again.job().output());
    Run done =
        train(1, "run", "train.steps=6", "train.seed=3", "checkpoint.atEnd=true", "--resume");
    assertEquals(0, done.job().exitCode(), done.job().output());
    assertEquals(whole.column("loss"), done.column("loss"));
    assertTrue(
        events(done, "check").stream()
            .anyMatch(
                c ->
                    c.get("name").asText().equals("memory")
                        && c.get("verdict").asText().equals("NOT_CHECKED")),
        "no step was left to do");
  }

  @Test
  void aTracedStepIsWritten() {
    Run run = ended(train(2, "run", "train.steps=3", "--trace=2"), 0, "VALID");
    String trace = String.join("\n", run.lines("trace.json"));
    assertTrue(trace.contains("step 2") && !trace.contains("step 3"), trace.substring(0, 300));
    assertFalse(Files.exists(train(1, "none", "train.steps=2").folder().resolve("trace.json")));
  }

  /** Every document ends before an answer: a corpus that is mostly questions. */
  @Test
  void stepsWithoutLabelsAreSaidOnce() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      lines.append(
          "{\"conversations\": [{\"from\": \"human\", \"value\": \"%s\"}, {\"from\": \"gpt\", \"value\": \"it is %d\"}]}\n"
              .formatted("what then? ".repeat(20), i));
    }
    Path file = program.write("asked.jsonl", lines.toString());
    Run run =
        ended(
            train(1, "run", "train.steps=20", "data.path=" + file, "data.format=conversations"),
            0,
            "VALID");
    long empty = run.column("loss").stream().filter(String::isEmpty).count();
    assertTrue(empty > 3 && empty < 20, run.column("loss").toString());
    assertEquals(empty, number(run, "steps_without_labels"));
    assertEquals(empty, events(run, "skip").size());
    assertEquals("no label counts", events(run, "skip").get(0).get("reason").asText());
    int first = run.column("loss").indexOf("") + 1;
    assertEquals(1, printed(run, "WARNING: step ").size());
    assertEquals(
        1,
        printed(run, "WARNING: step " + first + " has no label that counts: no loss, no update")
            .size());
    assertEquals(
        1, printed(run, "WARNING: " + empty + " of 20 steps had no label that counts").size());
  }
}
