package ringattention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that learn from several sources: what they say, and that they go on with the same. */
class SourcesRunTest {
  private static final String INPUT =
      """
      model = { hidden = 16, layers = 1, heads = 2 }
      train = { sequence = 32, batch = 2, steps = 6, learningRate = 0.01 }
      checkpoint = { every = 3, keep = 9 }
      data.documents = true
      [[data.source]]
      path = "FOLDER/books"
      weight = 3
      [[data.source]]
      path = "FOLDER/notes.jsonl"
      format = "jsonl"
      epochs = 0.5
      """;

  @TempDir Path folder;
  private Program program;
  private Path input;

  @BeforeEach
  void writeSources() throws IOException {
    program = new Program(folder);
    Files.createDirectory(folder.resolve("books"));
    for (int book = 0; book < 4; book++) {
      Files.writeString(folder.resolve("books/" + book), ("Book " + book + " ").repeat(30));
    }
    program.write("notes.jsonl", "{\"text\": \"a short note\"}\n".repeat(11)); // 143 tokens
    input = program.write("sources.toml", INPUT.replace("FOLDER", folder.toString()));
  }

  private Run train(int ranks, String output, String... keys) {
    List<String> all = new ArrayList<>(List.of("train", input.toString(), "--resume", "-o"));
    all.add(program.file(output).toString());
    for (String key : keys) {
      all.addAll(List.of("-D", key));
    }
    return new Run(program.inProcess(ranks, all.toArray(String[]::new)), program.file(output));
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  @Test
  void aRunSaysWhatItTakesAndGoesOnWithIt() {
    Run whole = valid(train(1, "whole"));
    String log = String.join("\n", whole.lines("run.log"));
    assertTrue(log.contains("\n2 sources, 15 documents with 987 tokens\n"), log);
    // of 12 sequences every fourth would be of notes, but half an epoch has two only
    assertTrue(log.matches("(?s).*\nsource 1 +4 +844 +3 +75.00% +320 +0.379 +none\\s.*"), log);
    assertTrue(log.matches("(?s).*\nsource 2 +11 +143 +1 +25.00% +64 +0.448 +0.5\\s.*"), log);

    valid(train(1, "parts", "train.steps=3", "train.decaySteps=0", "train.schedule=constant"));
    Run parts = valid(train(1, "parts", "train.schedule=constant"));
    Run constant = valid(train(1, "constant", "train.schedule=constant"));
    assertEquals(constant.column("loss"), parts.column("loss"));

    Run two = valid(train(2, "two", "parallel.ring=1"));
    for (int step = 0; step < 6; step++) {
      assertEquals(
          Double.parseDouble(whole.column("loss").get(step)),
          Double.parseDouble(two.column("loss").get(step)),
          1e-5);
    }
  }

  /** Tokens that are there already, of the same documents, make the same run. */
  @Test
  void aSourceOfTokensIsLearnedAsItsTextIs() throws IOException {
    byte[] text = "a short note\n".repeat(11).getBytes(UTF_8);
    byte[] tokens = new byte[2 * text.length]; // uint16, the lower byte first
    for (int i = 0; i < text.length; i++) {
      tokens[2 * i] = text[i];
    }
    Files.write(program.file("notes.bin"), tokens);
    Run texts = valid(train(1, "texts"));
    String toml = Files.readString(input);
    program.write(
        "sources.toml",
        toml.replace("notes.jsonl", "notes.bin").replace("\"jsonl\"", "\"tokens\"\nendToken = 10"));
    Run whole = valid(train(1, "whole"));
    assertEquals(texts.column("loss"), whole.column("loss"));

    valid(train(1, "parts", "train.steps=3", "train.decaySteps=0", "train.schedule=constant"));
    Run parts = valid(train(2, "parts", "train.schedule=constant"));
    Run constant = valid(train(1, "constant", "train.schedule=constant"));
    Run two = valid(train(2, "two", "parallel.ring=1"));
    for (int step = 0; step < 6; step++) {
      assertEquals(number(constant, step), number(parts, step), 1e-5);
      assertEquals(number(whole, step), number(two, step), 1e-5);
    }

    program.write("notes.bin", "other tokens"); // too few, and others
    Run refused = train(1, "parts", "train.schedule=constant", "train.steps=7");
    assertEquals(2, refused.job().exitCode());
    assertTrue(refused.errors().get(0).contains("data.source.2."), refused.errors().get(0));
  }

  private static double number(Run run, int step) {
    return Double.parseDouble(run.column("loss").get(step));
  }

  /** What show-data says of a stream of tokens is what the run takes. */
  @Test
  void showDataKnowsStreamsOfTokens() throws IOException {
    Files.write(program.file("notes.bin"), new byte[400]);
    String toml = Files.readString(input);
    program.write(
        "sources.toml",
        toml.replace("notes.jsonl", "notes.bin")
            .replace("\"jsonl\"", "\"tokens\"")
            .replace("documents = true", "documents = false"));
    var shown = program.inProcess(1, "show-data", input.toString(), "-n", "1");
    assertEquals(0, shown.exitCode(), shown.output());
    Run trained = valid(train(1, "run"));
    List<String> table =
        trained.lines("run.log").stream().filter(line -> line.startsWith("source ")).toList();
    assertEquals(3, table.size());
    table.forEach(line -> assertTrue(shown.output().contains("\n" + line), shown.output()));
  }

  @Test
  void otherSourcesAreRefused() {
    valid(train(1, "run", "train.steps=3"));
    for (String change :
        List.of(
            "data.source.2.weight=2", "data.source.2.epochs=4", "data.source.3.path=" + input)) {
      Run refused = train(1, "run", change);
      assertEquals(2, refused.job().exitCode(), change);
      String source = change.substring(0, "data.source.N".length());
      String line = refused.errors().get(0);
      assertTrue(line.contains(source + ".path = "), line);
      assertTrue(line.contains("corpus (source " + change.charAt(12) + " "), line);
      assertTrue(line.endsWith("checkpoint.accept = [\"corpus\"] goes on with what there is now"));
    }
    valid(train(1, "run", "data.source.2.weight=2", "checkpoint.accept=[\"corpus\"]"));
  }

  @Test
  void aRunThatTakesMoreThanAllSourcesHaveDoesNotBegin() {
    Run refused = train(1, "run", "data.source.1.epochs=0.1");
    assertEquals(2, refused.job().exitCode());
    assertEquals(
        "ringattention: -D data.source.1.epochs = 0.1: the sources end after 4 sequences, the run"
            + " takes 12: one needs more epochs, or 0 for no limit",
        refused.errors().get(0));
    assertTrue(Files.notExists(program.file("run")));
  }

  @Test
  void showDataHasTheTableOfTheRun() {
    var shown = program.inProcess(1, "show-data", input.toString(), "-n", "1");
    assertEquals(0, shown.exitCode(), shown.output());
    Run trained = valid(train(1, "run"));
    List<String> table =
        trained.lines("run.log").stream().filter(line -> line.startsWith("source ")).toList();
    assertEquals(3, table.size());
    table.forEach(line -> assertTrue(shown.output().contains("\n" + line), shown.output()));
    assertTrue(shown.output().contains("11 records: 11 documents, 0 empty, 0 skipped"));
    assertTrue(shown.output().contains("[[a short note"), shown.output());
  }

  /** Each source has a held-out loss of its own, and all together are that of the run. */
  @Test
  void heldOutLossesAreSaidBySource() {
    String[] keys = {
      "validation.fraction=0.4",
      "validation.every=2",
      "train.schedule=constant",
      "data.source.2.epochs=9"
    };
    Run whole = valid(train(1, "whole", keys));
    List<String> table = whole.lines("validation_sources.csv");
    assertEquals("step,source,validation_loss,labels", table.get(0));
    assertEquals(7, table.size(), table.toString());
    double nats = 0;
    long labels = 0;
    for (int i = 5; i < 7; i++) {
      String[] cells = table.get(i).split(",");
      assertEquals("6", cells[0]);
      assertEquals("source " + (i - 4), cells[1]);
      assertEquals(
          Double.parseDouble(cells[2]),
          whole.summary().path("validation_loss_by_source").path(cells[1]).asDouble());
      labels += Long.parseLong(cells[3]);
      nats += Double.parseDouble(cells[2]) * Long.parseLong(cells[3]);
    }
    assertEquals(whole.summary().path("validation_loss").asDouble(), nats / labels, 1e-9);
    assertTrue(
        whole.lines("run.log").stream()
            .anyMatch(
                line ->
                    line.matches(
                        "held-out loss by source: source 1 \\d.\\d{4}, source 2 \\d.\\d{4}")),
        String.join("\n", whole.lines("run.log")));

    String[] shorter = {keys[0], keys[1], keys[2], keys[3], "train.steps=3", "train.decaySteps=0"};
    valid(train(1, "parts", shorter));
    Run parts = valid(train(1, "parts", keys));
    assertEquals(
        table.subList(3, 7), // the shorter run measured behind its last step, the third
        parts.lines("validation_sources.csv").subList(5, 9));

    Run two = valid(train(2, "two", keys));
    List<String> other = two.lines("validation_sources.csv");
    for (int i = 1; i < 7; i++) {
      String[] one = table.get(i).split(",");
      String[] ring = other.get(i).split(",");
      assertEquals(one[3], ring[3]);
      assertEquals(Double.parseDouble(one[2]), Double.parseDouble(ring[2]), 1e-5);
    }
  }

  /** Who learns one source well has a low loss of that alone. */
  @Test
  void theLossOfASourceIsItsOwn() throws IOException {
    program.write("notes.jsonl", "{\"text\": \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"}\n".repeat(40));
    String toml = Files.readString(input);
    program.write("sources.toml", toml.replace("weight = 3", "weight = 0.001"));
    Run run =
        valid(
            train(
                1,
                "run",
                "validation.fraction=0.4",
                "train.steps=60",
                "data.source.2.epochs=0",
                "train.learningRate=0.03"));
    JsonNode losses = run.summary().path("validation_loss_by_source");
    double books = losses.path("source 1").asDouble();
    double notes = losses.path("source 2").asDouble();
    assertTrue(notes < 1 && books > 3, losses.toString());
  }
}
