package ringattention.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.Attempt;
import ringattention.Program;
import ringattention.Run;

/** Ranks that do not share what they must end before the first step, with one line that says so. */
class SharedInputTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void inputs() {
    program = new Program(folder);
  }

  /** The one line of a job whose ranks do not fit together. */
  private String refused(int ranks, IntFunction<List<String>> arguments) {
    Attempt attempt = Attempt.run(ranks, LIMIT, arguments);
    assertEquals(2, attempt.exitCode(), attempt.output() + "\n" + attempt.errors());
    assertEquals(1, attempt.errors().size(), attempt.errors().toString());
    assertTrue(Files.notExists(program.file("run")), "written before ranks were compared");
    return attempt.errors().get(0);
  }

  private List<String> command(String words, String... more) {
    List<String> all = new ArrayList<>(List.of(words.split(" ")));
    all.addAll(List.of(program.file("small.toml").toString(), "-o"));
    all.add(program.file("run").toString());
    all.addAll(List.of(more));
    return all;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train.steps=7        | inputs (train.steps 7, not 20; train.warmupSteps 0, not 2)",
        "train.sequence=129   | inputs (train.sequence 129, not 257)",
        "checkpoint.every=5   | inputs (checkpoint.every 5, not 0; checkpoint.atEnd true, not false)",
        "memory.headGroups=1  | inputs (memory.headGroups 1, not 0)",
        "train.maxSkippedSteps=0 | inputs (train.maxSkippedSteps 0, not 3)",
      })
  void overridesOfOneRank(String override, String expected) {
    String line =
        refused(3, rank -> rank == 2 ? command("train", "-D", override) : command("train"));
    assertEquals("ringattention: rank 2 differs from rank 0 in " + expected, line);
  }

  @Test
  void inputFilesWithOtherValues() {
    Path other = program.write("other.toml", program.input().replace("257", "255"));
    String line =
        refused(
            2,
            rank ->
                rank == 0
                    ? command("validate")
                    : List.of("validate", other.toString(), "-o", program.file("run").toString()));
    assertEquals(
        "ringattention: rank 1 differs from rank 0 in inputs (train.sequence 255, not 257)", line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"validate", "gradients", "bench training"})
  void otherCommands(String words) {
    String line = refused(2, rank -> command(rank == 1 ? words : "train"));
    assertEquals(
        "ringattention: rank 1 differs from rank 0 in command line (command "
            + words
            + ", not train)",
        line);
  }

  /** Such as take no folder differ in that, too. */
  @ParameterizedTest
  @ValueSource(strings = {"plan", "help", "version"})
  void commandsWithoutFolders(String words) {
    String input = program.file("small.toml").toString();
    String line = refused(2, rank -> rank == 1 ? List.of(words, input) : command("train"));
    String expected =
        "ringattention: rank 1 differs from rank 0 in command line (command "
            + words
            + ", not train";
    assertTrue(line.startsWith(expected), line);
  }

  @ParameterizedTest
  @CsvSource({
    "--dry-run, '--dry-run true, not false'",
    "--trace=3, '--trace 3, not none'",
    "--resume, '--resume true, not false'"
  })
  void otherOptions(String option, String expected) {
    String line = refused(2, rank -> rank == 1 ? command("train", option) : command("train"));
    assertEquals(
        "ringattention: rank 1 differs from rank 0 in command line (" + expected + ")", line);
  }

  /** What only one rank is told wrong is that rank's. */
  @Test
  void malformedOnOneRank() {
    String line =
        refused(3, rank -> rank == 1 ? command("train", "-D", "train.stpes=7") : command("train"));
    assertTrue(line.startsWith("ringattention: rank 1: -D train.stpes = 7: unknown key"), line);
    line = refused(2, rank -> rank == 1 ? command("train", "--recume") : command("train"));
    assertTrue(line.startsWith("ringattention: rank 1: command line: "), line);
  }

  private void alike(int ranks, IntFunction<List<String>> arguments) {
    Attempt attempt = Attempt.run(ranks, LIMIT, arguments);
    assertEquals(0, attempt.exitCode(), attempt.output() + "\n" + attempt.errors());
  }

  private static String only(String part, int rank) {
    return "ringattention: rank " + rank + " differs from rank 0 in " + part + " \\([^()]*\\)";
  }

  private static void assertMatches(String expected, String line) {
    assertTrue(line.matches(expected), line);
  }

  /** One more file, one letter, and the same text in another place. */
  @ParameterizedTest
  @ValueSource(strings = {"train", "gradients", "bench training"})
  void corpora(String words) throws IOException {
    String text = Files.readString(program.file("text.txt"));
    Path letter = program.write("letter.txt", text.replace("7 times 8", "7 Times 8"));
    Path twice = Files.createDirectory(program.file("two"));
    Files.writeString(twice.resolve("a.txt"), text);
    Files.writeString(twice.resolve("b.txt"), "more of it\n");
    String few = "benchTraining.tokens=[64]";
    for (Path other : List.of(letter, twice)) {
      String line =
          refused(
              3,
              rank ->
                  rank == 2
                      ? command(words, "-D", few, "-D", "data.path=" + other)
                      : command(words, "-D", few));
      assertMatches(only("corpus", 2), line);
    }
  }

  @Test
  void filesOfTheSameContentsMayLieElsewhere() throws IOException {
    Path copy = program.write("copy.txt", Files.readString(program.file("text.txt")));
    alike(
        2,
        rank ->
            command(
                "gradients",
                "-D",
                "train.sequence=64",
                "-D",
                "data.cache=" + program.file("cache-" + rank),
                "-D",
                "data.path=" + (rank == 0 ? program.file("text.txt") : copy)));
  }

  /** A tokenizer that ends documents otherwise makes another corpus, too: both are named. */
  @Test
  void tokenizers() throws IOException {
    Path pairs = Path.of("src/test/resources/tokenizers/pairs");
    Path other = Files.createDirectory(program.file("tokenizer"));
    Files.copy(pairs.resolve("tokenizer.json"), other.resolve("tokenizer.json"));
    Files.writeString(other.resolve("tokenizer_config.json"), "{\"eos_token\": \"<s>\"}");
    String line =
        refused(
            2,
            rank ->
                command(
                    "train",
                    "-D",
                    "model.vocabulary=368",
                    "-D",
                    "data.tokenizer=" + (rank == 1 ? other : pairs)));
    String both = "tokenizer \\([^()]*\\) and corpus";
    assertMatches(only(both, 1), line);
  }

  /** Same shapes, same config.json, one byte of one weight. */
  @Test
  void weights() throws IOException {
    Run first =
        program.trainInProcess(1, "first", "-D", "train.steps=2", "-D", "output.model=fp32");
    assertEquals(0, first.job().exitCode(), first.job().output());
    Path model = first.folder().resolve("model");
    Path other = Files.createDirectory(program.file("other"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(model.resolve(name), other.resolve(name));
    }
    byte[] bytes = Files.readAllBytes(other.resolve("model.safetensors"));
    bytes[bytes.length / 2] ^= 1;
    Files.write(other.resolve("model.safetensors"), bytes);
    String sections =
        program.input().replaceAll("(?m)^(hidden|layers|heads|keyValueHeads) .*$", "");
    String input = program.write("imported.toml", sections).toString();
    String line =
        refused(
            2,
            rank ->
                List.of(
                    "train",
                    input,
                    "-o",
                    program.file("run").toString(),
                    "-D",
                    "model.checkpoint=" + (rank == 1 ? other : model)));
    assertMatches(only("weights", 1), line);
  }
}
