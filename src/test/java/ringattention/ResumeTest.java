package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that goes on knows what it went on from: text, weights, choices and skipped steps. */
class ResumeTest {
  private static final Path PAIRS = Path.of("src/test/resources/tokenizers/pairs");

  @TempDir Path folder;
  private Program program;
  private Path corpus;

  @BeforeEach
  void inputs() throws IOException {
    program = new Program(folder);
    corpus = Files.createDirectory(program.file("corpus"));
    Files.copy(program.file("text.txt"), corpus.resolve("b.txt"));
  }

  /** A run of one rank that saves every third step. */
  private Run train(String output, String... more) {
    return train(1, output, more);
  }

  private Run train(int ranks, String output, String... more) {
    List<String> all = new ArrayList<>(List.of("--resume"));
    List<String> keys =
        List.of(
            "train.sequence=33",
            "train.warmupSteps=0",
            "model.keyValueHeads=2",
            "checkpoint.every=3",
            "checkpoint.keep=9",
            "data.path=" + corpus);
    Stream.concat(keys.stream(), Stream.of(more))
        .flatMap(each -> each.startsWith("--") ? Stream.of(each) : Stream.of("-D", each))
        .forEach(all::add);
    return program.trainInProcess(ranks, output, all.toArray(String[]::new));
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  /** What the program says in one line, and leaves all as it was. */
  private static String refused(Run run) {
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    return run.errors().get(0);
  }

  private static String said(Run run) {
    return run.job().output().replaceAll("\\s+", " ");
  }

  private void addFile() throws IOException {
    Files.writeString(corpus.resolve("a.txt"), "more of it\n");
  }

  private void changeLetter() throws IOException {
    String text = Files.readString(corpus.resolve("b.txt"));
    Files.writeString(corpus.resolve("b.txt"), text.replace("7 times 8", "7 Times 8"));
  }

  @Test
  void curvesOfTensorBoardHaveStepsThatAreDoneAgainOnce() throws IOException {
    valid(train("run", "train.steps=5", "checkpoint.atEnd=false"));
    Run run = valid(train("run", "train.steps=7"));
    assertEquals(2, EventRecords.files(run.folder()).size());
    EventRecords.Event start = EventRecords.read(EventRecords.files(run.folder()).get(1)).get(1);
    assertEquals(1, start.session(), "SessionLog.START");
    assertEquals(4, start.step(), "behind the checkpoint of step 3");
    assertEquals(
        run.column("loss").stream().map(text -> (double) Float.parseFloat(text)).toList(),
        List.copyOf(EventRecords.curve(run.folder(), "train/loss").values()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anotherCorpusIsRefusedUnlessAccepted(boolean moreFiles) throws IOException {
    valid(train("run", "train.steps=3"));
    if (moreFiles) {
      addFile();
    } else {
      changeLetter();
    }
    List<String> before = program.file("run").toFile().exists() ? lines("run/run.log") : List.of();
    String line = refused(train("run", "train.steps=6"));
    String counts = moreFiles ? "documents 2, not 1; tokens \\d+, not \\d+; " : "";
    String expected =
        "ringattention: -D data.path = .*: corpus \\(%sdigest \\w{16}, not \\w{16}\\) not as in"
            + " checkpoint %s; checkpoint.accept = \\[\"corpus\"\\] goes on with what there is now";
    Path checkpoint = program.file("run").resolve("checkpoints/step_3");
    assertTrue(line.matches(expected.formatted(counts, checkpoint)), line);
    assertEquals(before, lines("run/run.log"));
    String tokenizer = "checkpoint.accept=[\"tokenizer\", \"weights\"]";
    refused(train("run", "train.steps=6", tokenizer));
    refused(train("new", "train.steps=6", "checkpoint.resume=" + program.file("run")));

    Run accepted = valid(train("run", "train.steps=6", "checkpoint.accept=[\"corpus\"]"));
    assertTrue(
        said(accepted).contains("changed since: train.steps 3 -> 6, corpus ("), said(accepted));
    Run next = valid(train("run", "train.steps=9")); // the next checkpoint knows the new one
    assertFalse(said(next).contains("corpus ("), said(next));
  }

  private List<String> lines(String file) throws IOException {
    return Files.readAllLines(program.file(file));
  }

  /** Texts of the same contents are the same corpus wherever they lie. */
  @Test
  void aCorpusMayMove() throws IOException {
    Run whole = valid(train("whole", "train.steps=6"));
    valid(train("run", "train.steps=6", "--max-minutes=0.0001"), 75);
    Path moved = Files.move(corpus, program.file("moved"));
    Run resumed = valid(train("run", "train.steps=6", "data.path=" + moved));
    assertEquals(whole.column("loss"), resumed.column("loss"));
    assertTrue(said(resumed).contains("changed since: data.path "), said(resumed));
  }

  private static void valid(Run run, int exitCode) {
    assertEquals(exitCode, run.job().exitCode(), run.job().output());
  }

  /** The corpus changes with the tokenizer: both are named at once. */
  @Test
  void anotherTokenizerIsRefusedUnlessAccepted() throws IOException {
    Path tokenizer = Files.createDirectory(program.file("tokenizer"));
    Files.copy(PAIRS.resolve("tokenizer.json"), tokenizer.resolve("tokenizer.json"));
    String[] keys = {"model.vocabulary=368", "data.tokenizer=" + tokenizer, "train.steps=3"};
    valid(train("run", keys));
    Files.writeString(tokenizer.resolve("tokenizer_config.json"), "{\"eos_token\": \"<s>\"}");
    keys[2] = "train.steps=6";
    String line = refused(train("run", keys));
    assertTrue(line.contains("tokenizer (digest "), line);
    assertTrue(line.contains(" and corpus ("), line);
    assertTrue(line.contains("checkpoint.accept = [\"tokenizer\", \"corpus\"]"), line);
    Run accepted =
        valid(
            train(
                "run", keys[0], keys[1], keys[2], "checkpoint.accept=[\"tokenizer\", \"corpus\"]"));
    assertTrue(said(accepted).contains(", tokenizer (digest "), said(accepted));
  }

  @Test
  void otherWeightsAreRefusedUnlessAccepted() throws IOException {
    Path model =
        valid(train("first", "train.steps=1", "output.model=fp32")).folder().resolve("model");
    String shapes = "(?m)^(hidden|layers|heads|keyValueHeads) .*$";
    program.write("small.toml", program.input().replaceAll(shapes, ""));
    String[] keys = {"model.checkpoint=" + model, "model.keyValueHeads=2", "train.steps=3"};
    valid(train("run", keys));
    byte[] bytes = Files.readAllBytes(model.resolve("model.safetensors"));
    bytes[bytes.length / 2] ^= 1;
    Files.write(model.resolve("model.safetensors"), bytes);
    keys[2] = "train.steps=6";
    String line = refused(train("run", keys));
    assertTrue(line.contains(" model.checkpoint = "), line);
    assertTrue(line.contains(": weights (digest "), line);
    Run accepted = valid(train("run", keys[0], keys[2], "checkpoint.accept=[\"weights\"]"));
    assertTrue(said(accepted).contains("weights (digest "), said(accepted));
  }

  /** As older programs wrote them: nothing can be compared, and that is said. */
  @Test
  void checkpointsOfFormat1() throws IOException {
    valid(train("run", "train.steps=3"));
    makeOld(program.file("run").resolve("checkpoints/step_3/checkpoint.json"));
    Path moved = program.file("moved");
    String line = refused(train("run", "train.steps=6", "data.path=" + moved(moved)));
    assertTrue(line.contains("-D data.path = \"" + moved + "\": must be "), line);
    Run resumed = valid(train("run", "train.steps=6"));
    assertTrue(said(resumed).contains("weights and what was chosen could not be compared"));
    assertEquals(6, resumed.column("loss").size());
  }

  private Path moved(Path to) throws IOException {
    Files.createDirectory(to);
    return Files.copy(corpus.resolve("b.txt"), to.resolve("b.txt")).getParent();
  }

  private static void makeOld(Path file) throws IOException {
    String text =
        Files.readString(file)
            .replace("\"format\" : 3", "\"format\" : 1")
            .replaceAll("(?s),\\s*\"updates\" : \\d+,\\s*\"skipped\" : \\d+", "")
            .replaceAll("(?s)\"contents\" : \\{.*?\\},\\s*\"choices\" : \\{.*?\\},\\s*", "")
            .replaceAll("\"checksum\" : \"\\w+\"", "\"checksum\" : \"00000000\"");
    assertFalse(Pattern.compile("updates|contents|choices").matcher(text).find(), text);
    CRC32C checksum = new CRC32C();
    checksum.update(text.getBytes());
    String digits = String.format("%08x", checksum.getValue());
    Files.writeString(file, text.replace("\"00000000\"", "\"" + digits + "\""));
  }

  /** Groups of heads change the order of sums: a run keeps those it has. */
  @Test
  void headGroupsStayIfTheyFit() {
    String cap = "--memory-cap=" + (bytes(1) + bytes(2)) / 2. / (1 << 20) + "MiB";
    valid(train("two", "train.steps=3", cap));
    Run kept = valid(train("two", "train.steps=6"));
    assertTrue(said(kept).contains("2 head groups"), said(kept));
    assertFalse(said(kept).contains("to rounding only"), said(kept));

    valid(train("one", "train.steps=3"));
    Run changed = valid(train("one", "train.steps=6", cap));
    assertTrue(
        said(changed).contains("to rounding only, not to the bit: head groups 1 -> 2"),
        said(changed));
    String line = refused(train("one", "train.steps=9", "memory.headGroups=2"));
    assertTrue(line.contains("memory.headGroups = 2: must be 0 to resume"), line);
  }

  /** Bytes of a run with so many head groups on its device. */
  private long bytes(int groups) {
    String kept = "memory.saved=inputs+attention"; // for more, no more groups are taken
    Run planned =
        valid(train("planned", "--dry-run", "train.steps=3", kept, "memory.headGroups=" + groups));
    Matcher total = Pattern.compile("total on the device (\\d+)").matcher(said(planned));
    assertTrue(total.find(), said(planned));
    return Long.parseLong(total.group(1));
  }

  /** Checkpoints do not know who exchanges heads: to the bit with as many, else to rounding. */
  @Test
  void ranksThatExchangeHeadsMayChange() {
    String constant = "train.schedule=constant";
    Run whole = valid(train(2, "whole", "train.steps=6", constant, "parallel.heads=2"));
    valid(train(2, "run", "train.steps=3", constant, "parallel.heads=2"));
    Run same = valid(train(2, "run", "train.steps=6", constant, "parallel.heads=2"));
    assertEquals(whole.column("loss"), same.column("loss"));
    assertFalse(said(same).contains("to rounding only"), said(same));
    for (int ranks : new int[] {2, 1}) {
      valid(train(2, "to-" + ranks, "train.steps=3", constant, "parallel.heads=2"));
      Run other = valid(train(ranks, "to-" + ranks, "train.steps=6", constant));
      for (int step = 0; step < 6; step++) {
        assertEquals(
            Double.parseDouble(whole.column("loss").get(step)),
            Double.parseDouble(other.column("loss").get(step)),
            1e-5);
      }
      assertEquals(
          ranks == 2,
          said(other).contains("not to the bit: ranks that exchange heads 2 -> 1"),
          said(other));
    }
  }

  /** Every part of a weight finds its elements: same mesh to the bit, any other to rounding. */
  @Test
  void ranksThatShareProductsMayChange() {
    String[] keys = {"train.schedule=constant", "model.heads=8", "model.keyValueHeads=4"};
    Run whole = valid(train(4, "whole", with(keys, "train.steps=6", "parallel.tensor=2")));
    valid(train(4, "run", with(keys, "train.steps=3", "parallel.tensor=2")));
    Run same = valid(train(4, "run", with(keys, "train.steps=6", "parallel.tensor=2")));
    assertEquals(whole.column("loss"), same.column("loss"));
    assertFalse(said(same).contains("to rounding only"), said(same));
    String[][] meshes = { // ranks and keys, before and after
      {"4", "parallel.tensor=2", "1", "parallel.tensor=1"},
      {"4", "parallel.tensor=2", "4", "parallel.tensor=4"},
      {"4", "parallel.tensor=4", "4", "parallel.heads=2"},
      {"3", "parallel.tensor=1", "2", "parallel.tensor=2"},
      {"4", "parallel.tensor=2 parallel.ring=2", "2", "parallel.ring=2"},
      {"2", "parallel.ring=2 parallel.heads=2", "4", "parallel.ring=2 parallel.tensor=2"}
    };
    Run plain = valid(train(1, "plain", with(keys, "train.steps=6", "train.batch=2")));
    for (String[] mesh : meshes) {
      String there = String.join("-", mesh);
      for (int part = 0; part < 2; part++) {
        List<String> axes = new ArrayList<>(List.of(mesh[2 * part + 1].split(" ")));
        axes.addAll(List.of("train.batch=2", "train.steps=" + 3 * (part + 1)));
        int ranks = Integer.parseInt(mesh[2 * part]);
        whole = valid(train(ranks, there, with(keys, axes.toArray(String[]::new))));
      }
      for (int step = 0; step < 6; step++) {
        double loss = Double.parseDouble(plain.column("loss").get(step));
        assertEquals(loss, Double.parseDouble(whole.column("loss").get(step)), 1e-5 * loss, there);
      }
      assertEquals(
          mesh[0].equals(mesh[2]),
          said(whole).contains("not to the bit: ") && said(whole).contains("tensor ranks "),
          said(whole));
    }
  }

  private static String[] with(String[] keys, String... more) {
    return Stream.concat(Stream.of(keys), Stream.of(more)).toArray(String[]::new);
  }

  /** A number that is left open is that of the run before; at a start on CPUs nobody exchanges. */
  @Test
  void openNumbersOfRanksStay() {
    String constant = "train.schedule=constant";
    Run whole = valid(train(2, "whole", "train.steps=6", constant, "parallel.heads=2"));
    valid(train(2, "run", "train.steps=3", constant, "parallel.heads=2"));
    Run open = valid(train(2, "run", "train.steps=6", constant, "parallel.heads=0"));
    assertEquals(whole.column("loss"), open.column("loss"));
    assertTrue(said(open).contains("exchange heads: 2; as in the run before"), said(open));
    Run alone = valid(train(2, "alone", "train.steps=3", constant));
    Run begun = valid(train(2, "begun", "train.steps=3", constant, "parallel.heads=0"));
    assertEquals(alone.column("loss"), begun.column("loss"));
    assertTrue(said(begun).contains("exchange heads: 1; there is no forecast"), said(begun));
  }

  @Test
  void threadsChangeTheLastBits() {
    valid(train("run", "train.steps=3"));
    Run resumed = valid(train("run", "train.steps=6", "device.threads=2"));
    assertTrue(
        said(resumed).matches(".* not to the bit: device cpu, .* 1 thread.* -> cpu, .* 2 thread.*"),
        said(resumed));
  }

  /** The reference keeps all its digits; other devices read them, too. */
  @Test
  void theReferenceResumesToTheBit() throws IOException {
    String reference = "device.kind=reference";
    Run whole = valid(train("whole", reference, "train.steps=6"));
    Run resumed =
        valid(
            train(
                "resumed",
                reference,
                "train.steps=6",
                "checkpoint.resume=" + whole.folder().resolve("checkpoints/step_3")));
    assertEquals(whole.column("loss").subList(3, 6), resumed.column("loss"));
    assertSameState(whole, resumed, 6);
    Run onCpu =
        valid(
            train(
                "cpu",
                "train.steps=6",
                "checkpoint.resume=" + whole.folder().resolve("checkpoints/step_3")));
    double expected = Double.parseDouble(whole.column("loss").get(5));
    assertEquals(expected, Double.parseDouble(onCpu.column("loss").get(2)), 1e-5 * expected);
  }

  private static void assertSameState(Run one, Run other, int step) throws IOException {
    String file = "checkpoints/step_" + step + "/rank_0.bin";
    assertArrayEquals(
        Files.readAllBytes(one.folder().resolve(file)),
        Files.readAllBytes(other.folder().resolve(file)));
  }

  /** Before and after the checkpoint of step 3: AdamW counts updates, not steps. */
  @ParameterizedTest
  @CsvSource({"2, -1", "3, -1", "5, 5"})
  void skippedStepsResumeToTheBit(int fault, int faultAfter) throws IOException {
    Run whole = valid(train("whole", skip(fault, 7)));
    Run resumed =
        valid(
            train(
                "resumed",
                Stream.concat(
                        Stream.of(skip(faultAfter, 7)),
                        Stream.of(
                            "checkpoint.resume=" + whole.folder().resolve("checkpoints/step_3")))
                    .toArray(String[]::new)));
    assertEquals(whole.column("loss").subList(3, 7), resumed.column("loss"));
    assertSameState(whole, resumed, 6);
  }

  private static String[] skip(int step, int steps) {
    return new String[] {
      "train.steps=" + steps,
      "fault.kind=gradient",
      "fault.step=" + step,
      "fault.rank=" + (step < 0 ? -1 : 0)
    };
  }

  /** As many steps may be skipped in a row as without the stop between them. */
  @Test
  void skippedStepsInARowAreCountedOverAStop() {
    String[] first = Arrays.copyOf(skip(3, 6), 6);
    first[4] = "train.maxSkippedSteps=1";
    first[5] = "train.minLearningRate=1e-5";
    Run whole = valid(train("whole", first));
    String[] second = Arrays.copyOf(skip(4, 6), 6);
    second[4] = "train.maxSkippedSteps=1";
    second[5] = "checkpoint.resume=" + whole.folder().resolve("checkpoints/step_3");
    Run resumed = train("resumed", second);
    assertEquals(4, resumed.job().exitCode(), resumed.job().output());
    assertTrue(said(resumed).contains("and 1 steps before it were skipped"), said(resumed));
  }
}
