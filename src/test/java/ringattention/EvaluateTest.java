package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.MpiJob;
import ringattention.input.UsedInputs;

/** Held-out loss: whole programs, over ranks as threads. */
class EvaluateTest {
  private static final double ROUNDING = 1e-5;

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
  }

  private Run evaluate(int ranks, String output, String... keys) {
    List<String> arguments =
        new ArrayList<>(List.of("evaluate", program.file("small.toml").toString(), "-o"));
    arguments.add(program.file(output).toString());
    for (String key : keys) {
      arguments.addAll(key.startsWith("--") ? List.of(key) : List.of("-D", key));
    }
    MpiJob.Result job = program.inProcess(ranks, arguments.toArray(String[]::new));
    return new Run(job, program.file(output));
  }

  private Run train(int ranks, String output, String... keys) {
    List<String> arguments = new ArrayList<>();
    for (String key : keys) {
      arguments.addAll(List.of("-D", key));
    }
    return valid(program.trainInProcess(ranks, output, arguments.toArray(String[]::new)));
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static double loss(Run run) {
    return run.summary().get("loss").doubleValue();
  }

  private String trained() {
    train(1, "trained", "train.steps=4", "train.batch=2", "checkpoint.atEnd=true");
    return "checkpoint.resume=" + program.file("trained");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noNumberOfRanksAndRingsChangesIt(boolean documents) throws IOException {
    program.write("small.toml", program.input().replace("keyValueHeads = 1", "keyValueHeads = 2"));
    String resume = trained();
    String packed = "data.documents=" + documents;
    JsonNode one = valid(evaluate(1, "one", resume, packed)).summary();
    String[][] others = {
      {"2", "parallel.ring=2"},
      {"2", "parallel.ring=1"},
      {"4", "parallel.ring=2"},
      {"4", "parallel.ring=4"},
      {"2", "parallel.heads=2"},
      {"4", "parallel.heads=2"},
      {"2", "parallel.tensor=2"},
      {"4", "parallel.tensor=2"}
    };
    for (String[] other : others) {
      int ranks = Integer.parseInt(other[0]);
      String output = "ranks-" + ranks + other[1];
      Run run = valid(evaluate(ranks, output, resume, packed, other[1], "train.batch=2"));
      JsonNode same = run.summary();
      assertEquals(one.get("loss").doubleValue(), same.get("loss").doubleValue(), ROUNDING);
      for (String exact : List.of("labels", "bytes", "accuracy")) {
        assertEquals(one.get(exact), same.get(exact), exact);
      }
      List<String> own = run.lines("positions.csv");
      assertEquals(lines("one/positions.csv").size(), own.size());
    }
  }

  /** Neither the input nor what it leaves of it. */
  @Test
  void takesNoSteps() {
    String resume = trained();
    Run steps = valid(evaluate(1, "steps", resume));
    program.write("small.toml", program.input().replace("steps = 20\n", ""));
    Run none = valid(evaluate(1, "none", resume));
    assertEquals(loss(steps), loss(none));
    String used = String.join("\n", none.lines("used_inputs.toml"));
    assertFalse(UsedInputs.of(used).values().containsKey("train.steps"));
    program.write("small.toml", used);
    assertEquals(loss(steps), loss(valid(evaluate(1, "again"))));
  }

  private String small(String name, int from, int to) {
    String text = String.join("", lines("text.txt").stream().map(line -> line + "\n").toList());
    return "data.path=" + program.write(name, text.substring(from, to));
  }

  /** Every label at its own position, whatever the sequences are cut into. */
  @ParameterizedTest
  @CsvSource({
    "33, false, queryKeyNorm=false",
    "33, true, queryKeyNorm=false",
    "64, false, slidingWindow=64",
    "33, false, queryKeyValueBias=true",
    "33, true, queryKeyNorm=true"
  })
  void lossesAreThoseOfFloat64(int sequence, boolean documents, String detail) throws IOException {
    String text = small("few.txt", 0, 150);
    train(
        1,
        "model",
        "train.steps=6",
        "train.learningRate=0.05", // biases and norms leave their zeros and ones
        "train.sequence=17",
        text,
        "model." + detail,
        "output.model=fp32");
    Run run =
        valid(
            evaluate(
                2,
                "run",
                text,
                "model.checkpoint=" + program.file("model/model"),
                "train.sequence=" + sequence,
                "data.documents=" + documents));
    byte[] bytes = Files.readAllBytes(program.file("few.txt"));
    int[] tokens = new int[bytes.length + (documents ? 1 : 0)];
    Arrays.setAll(tokens, at -> at < bytes.length ? bytes[at] : '\n');
    DoubleLlama truth = new DoubleLlama(program.file("model/model/model.safetensors"), 2, 2, 1);
    double[] nats = new double[31];
    long[] labels = new long[31];
    for (int first = 0; first < tokens.length - 1; first += sequence) {
      int[] part = Arrays.copyOfRange(tokens, first, Math.min(tokens.length, first + sequence + 1));
      double[] losses = truth.losses(part);
      for (int i = 0; i < losses.length; i++) {
        int bucket = (int) Math.floor(Math.log(i + 1.0) / Math.log(2) + 1e-9);
        nats[bucket] += losses[i];
        labels[bucket]++;
      }
    }
    List<String> rows = run.lines("positions.csv");
    double total = 0;
    for (int i = 1; i < rows.size(); i++) {
      var row = run.row("positions.csv", i);
      assertEquals(labels[i - 1], Long.parseLong(row.get("labels")), rows.get(i));
      assertEquals(i == 1 ? 0 : 1 << (i - 1), Integer.parseInt(row.get("from")));
      double own = Double.parseDouble(row.get("nats"));
      assertEquals(nats[i - 1], own, 1e-5 * nats[i - 1], rows.get(i));
      total += own;
    }
    JsonNode summary = run.summary();
    assertEquals(tokens.length - 1, summary.get("labels").longValue());
    assertEquals(total, summary.get("nats").doubleValue(), 1e-9 * total);
    assertEquals(total / (tokens.length - 1), loss(run), 1e-12 * total);
    assertEquals(Math.exp(loss(run)), summary.get("perplexity").doubleValue(), 1e-9);
    assertEquals(
        total / Math.log(2) / (tokens.length - 1),
        summary.get("bits_per_byte").doubleValue(),
        1e-9);
  }

  /** The corpus is one sequence, and the learning rate leaves all weights as they are. */
  @Test
  void theLossOfTrainingsFirstStep() throws IOException {
    String text = small("one.txt", 0, 258);
    Run training =
        train(
            1,
            "still",
            text,
            "train.steps=1",
            "train.learningRate=1e-30",
            "train.weightDecay=0",
            "train.warmupSteps=0",
            "checkpoint.atEnd=true");
    Run run = valid(evaluate(1, "run", text, "checkpoint.resume=" + program.file("still")));
    assertEquals(Double.parseDouble(training.column("loss").get(0)), loss(run), 1e-6);
    assertEquals(257, run.summary().get("labels").intValue());
    assertFalse(run.job().output().contains("WARNING"), run.job().output());
    Run other =
        evaluate(
            1, "other", text, "checkpoint.resume=" + program.file("still"), "model.ropeTheta=77");
    String warned = "WARNING: not as it was trained: model.ropeTheta 10000.0 -> 77.0";
    assertTrue(other.job().output().contains(warned), other.job().output());
  }

  /** Three files of which one is kept out, or a corpus of its own. */
  private String[] validation(boolean fraction) throws IOException {
    Path corpus = Files.createDirectories(program.file("corpus"));
    List<String> text = lines("text.txt");
    for (int i = 0; i < 8; i++) {
      List<String> part = text.subList(i * 30, i * 30 + 30 + i);
      Files.writeString(corpus.resolve("part-" + i + ".txt"), String.join("\n", part));
    }
    return new String[] {
      "data.path=" + corpus,
      fraction
          ? "validation.fraction=0.3"
          : "validation.path="
              + program.write("out.txt", String.join("\n", text.subList(250, 298))),
      "validation.every=2",
      "train.batch=2",
      "train.sequence=129",
    };
  }

  private static String[] and(String[] some, String... more) {
    return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, false", "true, true"})
  void whatTrainingMeasures(boolean fraction, boolean documents) throws IOException {
    String[] keys = and(validation(fraction), "data.documents=" + documents);
    String[] five = and(keys, "train.steps=5", "train.warmupSteps=0", "checkpoint.every=2");
    Run run = train(1, "run", five);
    List<String> measured = validationLosses(run);
    assertEquals(
        List.of(true, false, true, false, false), measured.stream().map(String::isEmpty).toList());
    assertTrue(
        run.lines("run.log").stream()
            .anyMatch(line -> line.startsWith("held-out loss after step 4: ")));
    double last = Double.parseDouble(measured.get(4));
    assertEquals(last, run.summary().get("validation_loss").doubleValue());
    String resume = "checkpoint.resume=" + program.file("run/checkpoints/step_5");
    assertEquals(last, loss(valid(evaluate(1, "alone", and(keys, resume)))), 1e-7);
    assertEquals(
        last, loss(valid(evaluate(2, "two", and(keys, resume, "parallel.ring=1")))), ROUNDING);
    Run ranks = train(2, "ranks", five);
    List<String> others = validationLosses(ranks);
    assertEquals(last, Double.parseDouble(others.get(4)), 1e-4);
    assertEquals(
        Double.parseDouble(run.column("loss").get(0)),
        Double.parseDouble(ranks.column("loss").get(0)),
        ROUNDING);
    Run resumed =
        train(
            1, "resumed", and(five, "checkpoint.resume=" + program.file("run/checkpoints/step_4")));
    assertEquals(measured.get(4), validationLosses(resumed).get(0));
    Run off =
        train(
            1,
            "off",
            "data.path=" + program.file("corpus"),
            keys[3],
            keys[4],
            "train.steps=5",
            "train.warmupSteps=0",
            keys[5]);
    assertFalse(off.lines("steps.csv").get(0).contains("validation"));
    assertEquals(!fraction, off.column("loss").equals(run.column("loss")));
  }

  @Test
  void anExportedModelHasTheLossOfItsCheckpoint() throws IOException {
    train(2, "run", "train.steps=4", "checkpoint.atEnd=true", "output.model=bf16");
    Run own = valid(evaluate(2, "own", "checkpoint.resume=" + program.file("run")));
    Run exported = valid(evaluate(1, "exported", "model.checkpoint=" + program.file("run/model")));
    assertEquals(loss(own), loss(exported), 1e-3);
  }

  /** What only training needs is neither planned nor there: the check compares the two. */
  @ParameterizedTest
  @CsvSource({"ring, false", "memory-efficient, true", "vanilla, true"})
  void theMemoryPlanHasNothingOfABackward(String kind, boolean documents) throws IOException {
    String resume = trained();
    String[] keys = {
      resume, "attention.kind=" + kind, "data.documents=" + documents, "train.batch=2"
    };
    Run dry = valid(evaluate(1, "dry", and(keys, "--dry-run")));
    assertTrue(dry.job().output().contains("parameters.block.0.weight"), dry.job().output());
    for (String only :
        List.of("gradient", "momentum", "variance", "block.0.input", "checkpoint.copy")) {
      assertFalse(dry.job().output().contains(only), only);
    }
    assertFalse(Files.exists(dry.folder()));
    Run run = valid(evaluate(1, "run", keys));
    JsonNode summary = run.summary();
    assertEquals(summary.get("planned_peak_bytes"), summary.get("measured_peak_bytes"));
    assertTrue(
        run.lines("checks.csv").stream()
            .anyMatch(line -> line.matches(".*every label once.*PASSED")));
  }

  @Test
  void aLimitIsSaidAndKept() {
    Run run =
        valid(
            evaluate(
                2, "run", trained(), "validation.sequences=3", "parallel.ring=1", "train.batch=2"));
    assertEquals(3 * 257, run.summary().get("labels").intValue());
    assertTrue(run.job().output().contains("the first 3 of "), run.job().output());
    assertTrue(
        run.lines("checks.csv").stream()
            .anyMatch(line -> line.matches(".*every label once.*NOT CHECKED")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evaluate | checkpoint.resume=none | checkpoint.resume = .none.: must name a checkpoint",
        "evaluate | checkpoint.resume=nowhere | checkpoint.resume = .nowhere.: .*nowhere",
        "evaluate | model.checkpoint=nowhere | .*nowhere",
        "evaluate | attention.mask=full | attention.mask = .full.: must be .causal. for evaluate",
        "evaluate | model.layers=1 | model.layers = 1: must be 2, as in checkpoint",
        "evaluate | validation.path=nowhere | validation.path = .nowhere.: no such file",
        "evaluate | validation.fraction=0.5 | validation.fraction = 0.5: keeps .* of 1 document out",
        "train | validation.fraction=1 | validation.fraction = 1: must be a number, at least 0 and below 1",
        "train | validation.every=2 | validation.every = 2: must be 0 without",
        "train | validation.path=x;validation.fraction=0.1 | validation.fraction = 0.1: must be 0 where",
        "train | validation.path=@empty.txt | validation.path = .*: must hold text",
        "train | validation.sequence=1 | validation.sequence = 1: unknown key, did you mean validation.sequences",
      })
  void badInput(String command, String keys, String expected) {
    List<String> arguments =
        new ArrayList<>(List.of(command, program.file("small.toml").toString()));
    if (command.equals("evaluate") && !keys.contains("checkpoint")) {
      arguments.addAll(List.of("-D", trained()));
    }
    for (String key : keys.split(";")) {
      arguments.addAll(List.of("-D", key.replace("@", folder + "/")));
    }
    Run run = new Run(program.inProcess(1, arguments.toArray(String[]::new)), folder);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    String line = run.errors().get(0);
    assertTrue(line.matches("ringattention: .*" + expected + ".*"), line);
  }

  /** Empty where nothing was measured. */
  private static List<String> validationLosses(Run run) {
    String heading = run.lines("steps.csv").get(0);
    assertTrue(heading.endsWith(",validation_loss,tokens_seen,epoch"), heading);
    return run.column("validation_loss");
  }

  private List<String> lines(String file) {
    return new Run(null, folder).lines(file);
  }
}
