package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules, weight decay and what was seen, in whole runs and in runs of parts. */
class TrainingScheduleTest {
  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void inputs() {
    program = new Program(folder);
  }

  private Run train(int ranks, String output, String... more) {
    List<String> all = new ArrayList<>();
    Stream.concat(
            Stream.of("train.sequence=33", "checkpoint.every=4", "checkpoint.keep=9"),
            Stream.of(more))
        .flatMap(each -> each.startsWith("--") ? Stream.of(each) : Stream.of("-D", each))
        .forEach(all::add);
    return program.trainInProcess(ranks, output, all.toArray(String[]::new));
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static String said(Run run) {
    return run.job().output().replaceAll("\\s+", " ");
  }

  private static void assertSays(Run run, String text) {
    String said = said(run);
    int training = Math.max(0, said.indexOf(" Training "));
    String shown = said.substring(training, Math.min(said.length(), training + 900));
    assertTrue(said.contains(text), () -> text + "\nis not in\n" + shown);
  }

  private static List<String> part(Run run, String column, int from, int to) {
    return run.column(column).subList(from, to);
  }

  /** A part that decays at its end leaves a checkpoint before, with which a longer one goes on. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stableStepsAreThoseOfTheLongerRun(int ranks) {
    String[] keys = {
      "train.schedule=wsd", "train.warmupSteps=3", "train.steps=20", "train.decaySteps=5"
    };
    Run whole = valid(train(ranks, "whole", keys));
    keys[2] = "train.steps=10";
    keys[3] = "train.decaySteps=2";
    Run first = valid(train(ranks, "first", keys));
    assertEquals(part(whole, "loss", 0, 9), part(first, "loss", 0, 9));
    assertEquals(part(whole, "learning_rate", 0, 8), part(first, "learning_rate", 0, 8));
    assertEquals(3e-5, Double.parseDouble(first.column("learning_rate").get(9)), 1e-18);
    assertFalse(first.column("learning_rate").get(8).equals(whole.column("learning_rate").get(8)));

    String checkpoint = "checkpoint.resume=" + program.file("first/checkpoints/step_8");
    Run second =
        valid(train(ranks, "second", keys[0], keys[1], "train.steps=20", keys[3], checkpoint));
    assertEquals(part(whole, "loss", 8, 16), part(second, "loss", 0, 8));
    assertEquals(part(whole, "grad_norm", 8, 15), part(second, "grad_norm", 0, 7));
    assertEquals(part(whole, "tokens_seen", 8, 20), part(second, "tokens_seen", 0, 12));
  }

  /** Its own folder goes on with more steps too: a later decay is no other input. */
  @Test
  void aStoppedRunOfWsdMayGetMoreSteps() {
    String[] keys = {"train.schedule=wsd", "train.warmupSteps=3", "train.steps=20", "--resume"};
    Run whole = valid(train(1, "whole", keys));
    String[] shorter = {
      keys[0], keys[1], "train.steps=10", "--resume", "--max-minutes=0.0001",
    };
    assertEquals(75, train(1, "parts", shorter).job().exitCode());
    Run resumed = valid(train(1, "parts", keys));
    assertEquals(whole.column("loss"), resumed.column("loss"));
    assertSays(resumed, "train.decaySteps 1 -> 2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "wsd | 6 | 5 | 4 | warm-up over 5 steps to 3.00e-04, constant to step 5, linear to 3.00e-05"
            + " at step 6 decay shortened to 1 step, all that the warm-up leaves: train.decaySteps"
            + " is 4 weight decay",
        "wsd | 6 | 9 | 4 | warm-up over 6 steps to 3.00e-04 warm-up shortened to 6 steps, all there"
            + " are: train.warmupSteps is 9 decay shortened to 0 steps, all that the warm-up"
            + " leaves: train.decaySteps is 4 weight decay",
        "cosine | 1 | 2000 | 0 | warm-up over 1 step to 3.00e-04 warm-up shortened to 1 step, all"
            + " there are: train.warmupSteps is 2000 weight decay",
        "linear | 6 | 0 | 0 | 3.00e-04, linear to 3.00e-05 at step 6 weight decay",
        "cosine | 6 | 6 | 0 | warm-up over 6 steps to 3.00e-04 weight decay",
        "constant | 6 | 2 | 0 | warm-up over 2 steps to 3.00e-04, constant weight decay"
      })
  void theLogSaysWhatIsShortened(
      String schedule, int steps, int warmup, int decay, String expected) {
    Run run =
        valid(
            train(
                1,
                "run",
                "train.schedule=" + schedule,
                "train.steps=" + steps,
                "train.warmupSteps=" + warmup,
                "train.decaySteps=" + decay));
    assertSays(run, "learning rate: " + expected + " 0.1: ");
    List<String> rates = run.column("learning_rate");
    boolean up = warmup >= steps || schedule.equals("constant");
    assertEquals(up ? 3e-4 : 3e-5, Double.parseDouble(rates.get(steps - 1)), 1e-18);
    String used = String.join("\n", run.lines("used_inputs.toml"));
    assertTrue(used.contains("warmupSteps = " + warmup + "\n"), used); // as the input says
  }

  /** What is used is an input again, of every schedule. */
  @ParameterizedTest
  @ValueSource(strings = {"cosine", "linear", "constant", "wsd"})
  void usedInputsAreTheRunAgain(String schedule) {
    Run run = valid(train(1, "run", "train.schedule=" + schedule, "train.steps=5"));
    String[] again = {
      "train", run.folder().resolve("used_inputs.toml").toString(), "-o", program.file("again") + ""
    };
    Run repeated = valid(new Run(program.inProcess(1, again), program.file("again")));
    assertEquals(run.column("loss"), repeated.column("loss"));
    assertEquals(run.lines("used_inputs.toml"), repeated.lines("used_inputs.toml"));
  }

  /** The list of defaults is what was not decaying before there was a list. */
  @Test
  void decayLeavesOutWhatTheListNames() {
    String[] keys = {"train.steps=4", "train.weightDecay=0.5", "train.learningRate=1e-2"};
    Run run = valid(train(1, "run", keys));
    assertSays(
        run,
        "weight decay 0.5: 39424 parameters in 16 tensors decay, 160 parameters in 5"
            + " tensors do not (train.noDecay = [\"norm\", \"bias\"])");
    Run all = valid(train(1, "all", keys[0], keys[1], keys[2], "train.noDecay=[]"));
    assertSays(all, "in 21 tensors decay, 0 parameters in 0 tensors do not");
    assertEquals(run.column("loss").get(0), all.column("loss").get(0));
    assertFalse(run.column("loss").get(3).equals(all.column("loss").get(3)));
    String list = "train.noDecay=[\"norm\", \"embed_tokens\", \"lm_head\"]";
    Run more = valid(train(1, "more", keys[0], keys[1], keys[2], list));
    assertSays(more, " in 14 tensors decay, 16544 parameters in 7 tensors do not");
    assertFalse(run.column("loss").get(3).equals(more.column("loss").get(3)));
  }

  private long tokens(boolean packed) throws IOException {
    long bytes = Files.size(program.file("text.txt"));
    return packed ? (bytes + 1 + 10) / 11 * 11 : bytes; // with its end, to a multiple
  }

  /** In files, events, the header and the summary, over rings and passes, before and after. */
  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "1, true"})
  void whatWasSeenIsCountedOn(int ranks, boolean packed) throws IOException {
    List<String> keys =
        new ArrayList<>(
            List.of(
                "train.steps=6",
                "train.batch=4",
                "train.microBatch=1",
                "train.warmupSteps=1",
                "parallel.ring=1",
                "--resume"));
    if (packed) {
      keys.addAll(List.of("data.documents=true", "data.documentMultiple=11"));
    }
    String[] all = keys.toArray(String[]::new);
    String[] stopped =
        Stream.concat(keys.stream(), Stream.of("--max-minutes=0.0001")).toArray(String[]::new);
    Run first = train(ranks, "run", stopped);
    assertEquals(75, first.job().exitCode(), first.job().output());
    double epoch = tokens(packed);
    assertEquals(132, first.summary().get("tokens_seen").asLong());
    assertEquals(132 / epoch, first.summary().get("epoch").asDouble());
    assertSays(
        first,
        "tokens per step: 132, batch 4; gradient accumulation steps: "
            + 4 / ranks
            + ", micro-batch 1 of each ring tokens of an epoch: "
            + (long) epoch
            + "; seen 0 tokens, epoch 0.0000; after step 6: 792 tokens, epoch ");
    Run run = valid(train(ranks, "run", all));
    assertSays(run, "; seen 132 tokens, epoch 0.0");
    List<JsonNode> events =
        run.events().stream().filter(e -> e.get("event").asText().equals("step")).toList();
    assertEquals(6, events.size());
    for (int step = 1; step <= 6; step++) {
      JsonNode event = events.get(step - 1);
      assertEquals(132L * step, event.get("tokens_seen").asLong());
      assertEquals(132 * step / epoch, event.get("epoch").asDouble());
      assertEquals(Long.toString(132L * step), run.column("tokens_seen").get(step - 1));
      assertEquals(event.get("epoch").asText(), run.column("epoch").get(step - 1));
    }
    assertEquals(792, run.summary().get("tokens_seen").asLong());
    assertEquals(792 / epoch, run.summary().get("epoch").asDouble());
  }

  /** Tokens are those that were seen; the place in the corpus is that of the batches of now. */
  @Test
  void anotherBatchDoesNotChangeWhatWasSeen() throws IOException {
    valid(train(1, "run", "train.steps=4"));
    Run more =
        valid(
            train(
                1,
                "more",
                "train.steps=6",
                "train.batch=3",
                "checkpoint.resume=" + program.file("run")));
    assertEquals(List.of("231", "330"), more.column("tokens_seen")); // 4 x 33 and 99 each
    assertEquals(
        List.of(15 * 33.0 / tokens(false) + "", 18 * 33.0 / tokens(false) + ""),
        more.column("epoch"));
  }

  /** A folder of a version without schedules, lists and columns goes on as it began. */
  @Test
  void aFolderOfAnEarlierVersionGoesOn() throws IOException {
    String[] keys = {"train.steps=12", "--resume"};
    Run whole = valid(train(1, "whole", keys));
    Run first = train(1, "old", keys[0], keys[1], "--max-minutes=0.0001");
    assertEquals(75, first.job().exitCode(), first.job().output());
    Path inputs = first.folder().resolve("used_inputs.toml");
    String later = "(?m)^(schedule|decaySteps|noDecay) = .*\n";
    Files.writeString(inputs, Files.readString(inputs).replaceAll(later, ""));
    List<String> steps =
        first.lines("steps.csv").stream().map(l -> l.replaceAll(",[^,]*,[^,]*$", "")).toList();
    assertEquals("step,loss,grad_norm,learning_rate,time_s,tokens_per_s", steps.get(0));
    Files.write(first.folder().resolve("steps.csv"), steps);

    assertEquals(2, train(1, "old", keys[0], keys[1], "train.schedule=linear").job().exitCode());
    Run resumed = valid(train(1, "old", keys));
    assertEquals(whole.column("loss"), resumed.column("loss"));
    assertEquals("|66|99", String.join("|", resumed.column("tokens_seen").subList(0, 3)));
    assertEquals(whole.summary().get("epoch"), resumed.summary().get("epoch"));
  }

  /** A folder from before there were biases goes on, though noDecay has another default since. */
  @Test
  void aFolderWithoutBiasesGoesOn() throws IOException {
    valid(train(1, "origin", "train.steps=1", "output.model=fp32"));
    String[] keys = {
      "model.checkpoint=" + program.file("origin/model"), "train.steps=12", "--resume"
    };
    Run whole = valid(train(1, "whole", keys));
    Run first = train(1, "old", keys[0], keys[1], keys[2], "--max-minutes=0.0001");
    assertEquals(75, first.job().exitCode(), first.job().output());
    Path inputs = first.folder().resolve("used_inputs.toml");
    String now = Files.readString(inputs);
    String before =
        now.replaceAll("(?m)^(queryKeyValueBias|queryKeyNorm|slidingWindow) = .*\n", "")
            .replace("noDecay = [\"norm\", \"bias\"]", "noDecay = [\"norm\"]");
    assertEquals(now.lines().count() - 3, before.lines().count());
    Files.writeString(inputs, before);
    assertEquals(2, train(1, "old", keys[0], keys[1], "train.noDecay=[]").job().exitCode());
    assertEquals(whole.column("loss"), valid(train(1, "old", keys)).column("loss"));
  }

  @Test
  void biasesDoNotDecay() {
    String bias = "model.queryKeyValueBias=true";
    Run run = valid(train(1, "bias", "train.steps=1", bias));
    assertSays(run, "in 16 tensors decay, 288 parameters in 11 tensors do not");
    Run all = valid(train(1, "norms", "train.steps=1", bias, "train.noDecay=[\"norm\"]"));
    assertSays(all, "in 22 tensors decay, 160 parameters in 5 tensors do not");
  }

  @Test
  void whatNoFamilyHasIsNotExported() {
    Run run =
        train(
            1,
            "both",
            "train.steps=1",
            "output.model=fp32",
            "model.queryKeyValueBias=true",
            "model.queryKeyNorm=true");
    assertEquals(2, run.job().exitCode());
    assertTrue(
        run.job()
            .output()
            .contains(
                "model.queryKeyNorm = true: no model of transformers has such norms and"
                    + " model.queryKeyValueBias, too: it cannot be exported"),
        run.job().output());
  }
}
