package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of a model that was trained a little: whole programs, over ranks as threads. */
class GenerateTest {
  private static final String TEXT = "Seven times eight is fifty-six. ".repeat(20);

  private static final InputStream STANDARD_INPUT = System.in;

  @TempDir static Path trained;
  @TempDir Path folder;

  /** A model whose answers are not the same word over and over: its weights are large. */
  @BeforeAll
  static void train() {
    Run run =
        new Program(trained)
            .trainInProcess(
                1,
                "run",
                "-D",
                "train.steps=2",
                "-D",
                "model.initStd=0.3",
                "-D",
                "output.model=fp32",
                "-D",
                "checkpoint.atEnd=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
  }

  @BeforeEach
  void nothingIsTyped() {
    type("");
  }

  @AfterAll
  static void givesBackStandardInput() {
    System.setIn(STANDARD_INPUT); // the test runner speaks through it
  }

  private static void type(String text) {
    System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String model() {
    return "model.checkpoint=" + trained.resolve("run/model");
  }

  private GenerateRuns runs() {
    return new GenerateRuns(folder, model());
  }

  private Run valid(int ranks, String output, String... keys) {
    return runs().valid(ranks, output, keys);
  }

  /** Prompts of 1 token up to some hundred, alone on a rank or spread in chunks over many. */
  private String unequal() {
    List<String> lines = new ArrayList<>();
    for (int length : new int[] {1, 300, 2, 17, 3, 64, 150, 5}) {
      lines.add(
          "{\"id\": "
              + length
              + ", \"prompt\": \""
              + TEXT.substring(0, length)
              + "\", "
              + "\"maxNewTokens\": "
              + (20 + length % 7 * 20)
              + "}");
    }
    return runs().prompts("unequal.jsonl", lines);
  }

  /** Demands that every token is the likeliest one of one forward over prompt and answer. */
  private static void assertGreedy(int[] prompt, int... answer) {
    int[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(answer)).toArray();
    double[][] logits;
    try {
      Path weights = trained.resolve("run/model/model.safetensors");
      logits = new DoubleLlama(weights, 2, 2, 1).logits(all);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    for (int i = 0; i < answer.length; i++) {
      double[] row = logits[prompt.length - 1 + i];
      double most = Arrays.stream(row).max().orElseThrow();
      assertEquals(most, row[answer[i]], 1e-4, "token " + i + " behind " + prompt.length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"infer.chunk=32768", "infer.chunk=32"})
  void greedyAnswersAreThoseOfOneForwardOnAnyRanks(String chunk) {
    String[] keys = {unequal(), chunk, "generate.ignoreEnd=true", "generate.batch=3"};
    Map<String, JsonNode> one = GenerateRuns.answers(valid(1, "ranks-1", keys));
    assertEquals(8, one.size());
    one.forEach(
        (key, answer) -> {
          byte[] prompt = TEXT.substring(0, answer.get("prompt_tokens").intValue()).getBytes();
          int[] tokens = GenerateRuns.tokens(answer);
          assertGreedy(IntStream.range(0, prompt.length).map(i -> prompt[i]).toArray(), tokens);
          assertEquals(20 + prompt.length % 7 * 20, tokens.length);
          assertEquals("length", answer.get("finish").textValue());
          assertTrue(Arrays.stream(tokens).distinct().count() > 5, answer.toString());
        });
    for (int ranks : new int[] {2, 3, 4, 8}) {
      Run run = valid(ranks, "ranks-" + ranks, keys);
      GenerateRuns.assertSameAnswers(one, GenerateRuns.answers(run));
    }
  }

  /** Answers and what they were made from do not depend on how many ranks hold the cache. */
  @ParameterizedTest
  @ValueSource(ints = {3, 4, 8})
  void anyNumberOfTheRanksHoldsTheCache(int world) throws IOException {
    String[] keys = {unequal(), "infer.chunk=32", "generate.batch=3", "infer.weights=auto"};
    Run one = valid(1, "one", keys);
    int[] some = world == 8 ? new int[] {3, 7} : IntStream.rangeClosed(1, world).toArray();
    for (int ranks : some) {
      keys[3] = "infer.ranks=" + ranks;
      Run run = valid(world, "ranks-" + ranks, keys);
      GenerateRuns.assertSameAnswers(GenerateRuns.answers(one), GenerateRuns.answers(run));
      assertEquals(one.summary().get("new_tokens"), run.summary().get("new_tokens"));
      assertEquals(
          Files.readString(one.folder().resolve("contents.json")),
          Files.readString(run.folder().resolve("contents.json")));
      String said = ranks + " of " + world + " ranks hold" + (ranks == 1 ? "s" : "") + " the cache";
      assertTrue(run.job().output().contains(said), run.job().output());
      assertEquals(ranks < world, run.job().output().contains("; the others wait"));
    }
  }

  /** Short texts are answered by fewer ranks than there are, and it is said why. */
  @Test
  void fewerRanksForShortTexts() {
    Run run = valid(3, "run", unequal(), "infer.ranks=0");
    String text = run.job().output().replaceAll("\\s+", " ");
    assertTrue(
        text.contains("1 of 3 ranks holds the cache: over 1182 tokens a step's attention takes"),
        text);
    assertTrue(text.matches(".* ms on 1, [0-9.]+ ms on 3; the others wait .*"), text);
    Map<String, JsonNode> one = GenerateRuns.answers(valid(1, "one", unequal()));
    GenerateRuns.assertSameAnswers(one, GenerateRuns.answers(run));
  }

  /** The last rank's part of prompt and answer is full: cache and longest sequence are the same. */
  @Test
  void answersThatFillTheCache() {
    Run run = valid(4, "run", "--prompt", "12345678", "generate.maxNewTokens=256");
    assertEquals(1, GenerateRuns.answers(run).size());
  }

  @Test
  void contextsSamplesAndMessages() {
    String drawn = "\"temperature\": 1, \"topP\": 0.9, \"seed\": 3, \"samples\": 3";
    String prompts =
        runs()
            .prompts(
                "prompts.jsonl",
                List.of(
                    "{\"id\": \"a\", \"context\": \"One two.\\n\", \"prompt\": \"Three\"}",
                    "{\"id\": \"alone\", \"prompt\": \"One two.\\nThree\"}",
                    "{\"id\": \"b\", \"context\": \"One two.\\n\", \"prompt\": \"Four, five\"}",
                    "{\"id\": \"drawn\", \"prompt\": \"Six\", " + drawn + "}",
                    "{\"id\": \"talk\", \"messages\": [{\"role\": \"system\", \"content\": \"S\"},"
                        + " {\"role\": \"user\", \"content\": \"q\"}]}",
                    "{\"id\": \"spelled\", \"prompt\": \"S USER: q ASSISTANT:\"}",
                    "{\"id\": \"tokens\", \"tokens\": [79, 110, 101]}"));
    Map<String, JsonNode> one = GenerateRuns.answers(valid(1, "one", prompts));
    assertEquals(9, one.size());
    GenerateRuns.assertSame(one.get("alone 0"), one.get("a 0"));
    GenerateRuns.assertSame(one.get("spelled 0"), one.get("talk 0"));
    assertNotEquals(one.get("drawn 0").get("tokens"), one.get("drawn 1").get("tokens"));
    assertNotEquals(one.get("drawn 1").get("tokens"), one.get("drawn 2").get("tokens"));
    assertEquals(3, one.get("tokens 0").get("prompt_tokens").intValue());
    for (int ranks : new int[] {2, 3}) {
      Run run = valid(ranks, "ranks-" + ranks, prompts);
      GenerateRuns.assertSameAnswers(one, GenerateRuns.answers(run));
      assertEquals(9, run.summary().get("answers").intValue());
      assertEquals(9 + 5 + 10, run.summary().get("prompt_tokens").intValue() - tokensOfOthers(one));
    }
  }

  /** Those that begin with no context; samples share a prompt. */
  private static int tokensOfOthers(Map<String, JsonNode> answers) {
    return List.of("alone 0", "drawn 0", "talk 0", "spelled 0", "tokens 0").stream()
        .mapToInt(key -> answers.get(key).get("prompt_tokens").intValue())
        .sum();
  }

  @Test
  void aBrokenLineIsNamedAndTheOthersAreAnswered() {
    String prompts =
        runs()
            .prompts(
                "prompts.jsonl",
                List.of(
                    "{\"prompt\": \"One\"}",
                    "{\"prompt\": \"Two\", \"temprature\": 1}",
                    "{\"prompt\": ",
                    "{\"prompt\": \"Four\"}"));
    Run run = runs().run(2, "run", prompts);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(List.of("1 0", "4 0"), List.copyOf(GenerateRuns.answers(run).keySet()));
    String file = prompts.substring(prompts.indexOf('=') + 1);
    for (String where : List.of(file + ":2: ", file + ":3: ")) {
      String line = "passed over: " + where;
      assertTrue(run.printed().stream().anyMatch(l -> l.startsWith(line)), run.job().output());
    }
    assertTrue(run.lastLine().startsWith("INVALID: check no request refused failed"));
    assertEquals(2, run.summary().get("exit_code").intValue());
    assertEquals(2, run.summary().get("unanswered_requests").intValue());
  }

  /** Room for 40 tokens: what does not fit is refused, and the longest that fits, fits. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aPromptThatDoesNotFitIsRefusedByName(int ranks) {
    List<String> lines = new ArrayList<>();
    lines.add("{\"id\": \"short\", \"prompt\": \"One\", \"maxNewTokens\": 9}");
    lines.add("{\"id\": \"long\", \"prompt\": \"" + TEXT.substring(0, 99) + "\"}");
    lines.add("{\"id\": \"endless\", \"prompt\": \"a\", \"maxNewTokens\": 2147483647}");
    lines.add("{\"id\": \"last\", \"prompt\": \"Two\", \"maxNewTokens\": 9}");
    String[] keys = {"infer.cache=80", "generate.maxNewTokens=16"};
    Run run = runs().run(ranks, "run", runs().prompts("p.jsonl", lines), keys[0], keys[1]);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.job().output().contains("refused: request \"endless\": a prompt of 1 tokens"));
    Map<String, JsonNode> answers = GenerateRuns.answers(run);
    assertEquals("refused", answers.get("long 0").get("finish").textValue());
    assertEquals("length", answers.get("short 0").get("finish").textValue());
    assertEquals("length", answers.get("last 0").get("finish").textValue());
    String text = run.job().output().replaceAll("\\s+", " ");
    String refusal =
        ".*refused: request \"long\": a prompt of 99 tokens and 16 new ones do not fit, the longest"
            + " prompt that fits has (\\d+) .*";
    assertTrue(text.matches(refusal), text);
    int longest = Integer.parseInt(text.replaceFirst(refusal, "$1"));
    String prompt = "{\"tokens\": " + Arrays.toString(new int[longest]) + "}";
    valid(ranks, "fits", runs().prompts("fits.jsonl", List.of(prompt)), keys[0], keys[1]);
    String more = "{\"tokens\": " + Arrays.toString(new int[longest + 1]) + "}";
    Run over =
        runs().run(ranks, "over", runs().prompts("o.jsonl", List.of(more)), keys[0], keys[1]);
    assertEquals(2, over.job().exitCode(), over.job().output());
  }

  /** A device of 2 MiB: as much as fits is kept, and the longest prompt that is planned fits. */
  @Test
  void theLongestPromptThatIsPlanned() {
    String[] keys = {"memory.deviceGiB=0.002", "infer.chunk=64", "generate.maxNewTokens=1"};
    String all =
        runs().prompts("all.jsonl", List.of("{\"tokens\": [" + "7, ".repeat(9999) + "7]}"));
    Run dry = runs().run(2, "dry", all, keys[0], keys[1], keys[2], "--dry-run");
    assertEquals(0, dry.job().exitCode(), dry.job().output());
    assertFalse(Files.exists(dry.folder()));
    String text = dry.job().output().replaceAll("\\s+", " ");
    assertTrue(text.contains("would hold all at once"), text);
    assertTrue(text.contains("cache.0.keys"), text);
    int longest =
        Integer.parseInt(text.replaceFirst(".*the longest prompt is (\\d+) tokens.*", "$1"));
    assertTrue(longest > 1000 && longest < 9999, "longest " + longest);
    for (int tokens : new int[] {longest, longest + 1}) {
      String line = "{\"tokens\": [" + "7, ".repeat(tokens - 1) + "7]}";
      String prompts = runs().prompts(tokens + ".jsonl", List.of(line));
      Run run = runs().run(2, "run-" + tokens, prompts, keys[0], keys[1], keys[2]);
      assertEquals(tokens == longest ? 0 : 2, run.job().exitCode(), run.job().output());
    }
  }

  /** Whatever an earlier part has left, the file ends up as that of one part. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void resumingMakesOnlyWhatIsMissing(int ranks) throws IOException {
    String[] keys = {unequal(), "generate.samples=2", "generate.temperature=0.7"};
    Run whole = valid(1, "whole", keys);
    Run run = valid(1, "run", keys);
    Path file = run.folder().resolve("generations.jsonl");
    List<String> lines = Files.readAllLines(file);
    String interrupted =
        lines.get(5).replaceFirst("\"finish\":\"\\w+\"", "\"finish\":\"interrupted\"");
    String torn = lines.get(6).substring(0, 20);
    Files.writeString(
        file, String.join("\n", lines.subList(0, 5)) + "\n" + interrupted + "\n" + torn);
    String some = "infer.ranks=" + Math.min(ranks, 2);
    Run resumed = valid(ranks, "run", keys[0], keys[1], keys[2], some, "--resume");
    assertTrue(resumed.job().output().contains("5 answers are there already"));
    assertEquals(11, resumed.summary().get("answers").intValue());
    List<String> after = Files.readAllLines(file);
    assertEquals(lines.subList(0, 5), after.subList(0, 5));
    assertEquals(16, after.size());
    GenerateRuns.assertSameAnswers(GenerateRuns.answers(whole), GenerateRuns.answers(resumed));
    assertEquals(
        0,
        valid(2, "run", keys[0], keys[1], keys[2], "--resume").summary().get("answers").intValue());
    assertEquals(after, Files.readAllLines(file));
    Run other = runs().run(1, "run", keys[0], keys[1], "generate.temperature=0.8", "--resume");
    assertEquals(2, other.job().exitCode(), other.job().output());
    assertTrue(other.errors().get(0).contains("were made from other things: requests ("));
    valid(2, "fresh", keys[0], keys[1], keys[2], "--resume"); // no folder yet
  }

  @Test
  void weightsOfACheckpointAndShardedOnesAreTheSame() {
    String[] keys = {unequal(), "generate.maxNewTokens=30"};
    Map<String, JsonNode> expected = GenerateRuns.answers(valid(1, "folder", keys));
    GenerateRuns own = new GenerateRuns(folder, "checkpoint.resume=" + trained.resolve("run"));
    String[] shape = {
      "model.hidden=32", "model.layers=2", "model.heads=2", "model.keyValueHeads=1"
    };
    for (int ranks : new int[] {1, 3}) {
      for (String weights : List.of("infer.weights=sharded", "infer.weights=resident")) {
        String output = ranks + weights.substring(14);
        Run run = valid(ranks, "folder-" + output, keys[0], keys[1], weights);
        GenerateRuns.assertSameAnswers(expected, GenerateRuns.answers(run));
        assertTrue(run.job().output().contains("weights " + weights.substring(14) + ", cache of"));
        List<String> all = new ArrayList<>(List.of(shape));
        all.addAll(List.of(keys[0], keys[1], weights));
        run = own.valid(ranks, "checkpoint-" + output, all.toArray(String[]::new));
        GenerateRuns.assertSameAnswers(expected, GenerateRuns.answers(run));
      }
    }
  }

  @Test
  void standardInputIsOnePromptOrRequests() {
    GenerateRuns.assertSameAnswers(
        GenerateRuns.answers(valid(2, "option", "--prompt", "One two")),
        GenerateRuns.answers(typed("text", "One two\n")));
    Run lines = typed("lines", "\n{\"prompt\": \"One\"}\n{\"prompt\": \"Two\"}\n");
    assertEquals(List.of("2 0", "3 0"), List.copyOf(GenerateRuns.answers(lines).keySet()));
    Run empty = typed("empty", "");
    assertEquals(2, empty.job().exitCode(), empty.job().output());
    assertEquals(
        List.of(
            "ringattention: standard input (no --prompt, no generate.prompts): the prompt has no"
                + " token"),
        empty.errors());
  }

  private Run typed(String output, String text) {
    type(text);
    return runs().run(2, output);
  }

  @Test
  void oneAnswerIsShownWhileItIsMade() {
    Run run = valid(2, "run", "--prompt", "One two", "generate.maxNewTokens=7");
    String text = GenerateRuns.answers(run).get("1 0").get("text").textValue();
    String shown = text.replaceAll("[\\p{Cntrl}&&[^\n\t]]", "\ufffd");
    assertTrue(run.job().output().contains("Generation\n----------\n" + shown + "\n"));
    assertFalse(run.lines("run.log").contains(shown));
    assertTrue(run.lines("checks.csv").stream().anyMatch(line -> line.matches(".*memory.*PASSED")));
    assertTrue(
        run.events().stream().anyMatch(event -> event.get("event").textValue().equals("check")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-D generate.endTokens=[256] | generate.endTokens = .256.: the number 256 is no token of the tokenizer",
        "-D generate.endTokens=['<end>'] | generate.endTokens = .*: \"<end>\" is no token of the tokenizer",
        "-D generate.tokenizer=src/test/resources/tokenizers/pairs | generate.tokenizer = .*pairs.: has tokens up to .*, must be below model.vocabulary .256.",
        "-D generate.tokenizer=nowhere | generate.tokenizer = .nowhere.: .*",
        "-D generate.prompts=nowhere.jsonl | generate.prompts = .nowhere.jsonl.: no such file",
        "-D generate.prompts=@empty.jsonl | generate.prompts = .*empty.jsonl.: holds no request",
        "-D generate.prompts=@broken.jsonl | .*broken.jsonl:1: must have one of prompt, tokens, messages",
        "-D model.checkpoint=nowhere --prompt x | .*nowhere.*",
        "-D attention.mask=full --prompt x | attention.mask = .full.: must be .causal.: .*",
        "-D infer.ranks=3 --prompt x | infer.ranks = 3: must be at most the number of ranks .2.",
        "-D infer.chunk=1 --prompt x | infer.chunk = 1: must be a whole number, at least 2",
        "-D memory.deviceGiB=0.0001 --prompt x | infer.chunk = 32768: does not fit: weights and one chunk of .* tokens need .*",
        "-D generate.maxTokens=3 --prompt x | generate.maxTokens = 3: unknown key, .*",
      })
  void badInput(String keys, String expected) {
    runs().prompts("empty.jsonl", List.of());
    runs().prompts("broken.jsonl", List.of("{\"id\": 1}"));
    Run run = runs().run(2, "run", keys.replace("-D ", "").replace("@", folder + "/").split(" "));
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    String line = run.errors().get(0);
    assertTrue(line.matches("ringattention: .*" + expected), line);
    assertFalse(Files.exists(run.folder()));
  }

  @Test
  void withoutWeights() {
    String[] shape = {"model.layers=2", "model.heads=2", "--prompt", "x"};
    Run run = new GenerateRuns(folder, "model.hidden=32").run(2, "run", shape);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    String line = run.errors().get(0);
    assertTrue(line.contains("generate.toml: checkpoint.resume = \"none\": must name a"), line);
    assertTrue(line.endsWith("there are no weights to generate with"), line);
  }

  /** What it would need is planned without requests and weights, here and for other hardware. */
  @Test
  void plansWithoutRequests() {
    String input = runs().program().file("generate.toml").toString();
    List<String> plan = new ArrayList<>(List.of("plan", input, "-D", model()));
    plan.addAll(List.of("-D", "infer.cache=1000"));
    Run here = new Run(runs().program().inProcess(2, plan.toArray(String[]::new)), folder);
    assertEquals(0, here.job().exitCode(), here.job().output());
    String text = here.job().output().replaceAll("\\s+", " ");
    assertTrue(text.contains("cache of 500 tokens a rank, 32768 tokens of a prompt at"), text);
    assertTrue(text.contains("the longest prompt is 997 tokens"), text);
    assertTrue(text.contains("cache.0.keys cache 32000"), text);
    plan.addAll(List.of("--hardware", "h200", "--ranks", "4"));
    Run there = new Run(runs().program().inProcess(1, plan.toArray(String[]::new)), folder);
    assertEquals(0, there.job().exitCode(), there.job().output());
    text = there.job().output().replaceAll("\\s+", " ");
    assertTrue(text.contains("cache of 250 tokens a rank"), text);
    assertTrue(text.contains("cache.0.keys cache 8192"), text); // in bf16, whole cache lines
    List<String> most =
        List.of("plan", input, "-D", model(), "--hardware", "h200", "-D", "memory.deviceGiB=1");
    Run all = new Run(runs().program().inProcess(1, most.toArray(String[]::new)), folder);
    assertEquals(0, all.job().exitCode(), all.job().output());
    assertTrue(all.job().output().contains("1.00 GiB of 1.00 GiB"), all.job().output());
  }

  /** The key is one of training; that it does nothing here would go unnoticed. */
  @Test
  void ranksThatShareProductsAreRefused() {
    String input = runs().program().file("generate.toml").toString();
    String[] plan = {
      "plan", input, "-D", "model.shape=7B", "-D", "infer.cache=100", "-D", "parallel.tensor=2"
    };
    Run run = new Run(runs().program().inProcess(2, plan), folder);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(
        List.of(
            "ringattention: -D parallel.tensor = 2: must be 1 to generate: ranks that share a cache"
                + " do their own products"),
        run.errors());
  }

  /** The key is one of training; that it does nothing here would go unnoticed. */
  @Test
  void ranksThatExchangeHeadsAreRefused() {
    String input = runs().program().file("generate.toml").toString();
    String[] plan = {
      "plan", input, "-D", "model.shape=7B", "-D", "infer.cache=100", "-D", "parallel.heads=2"
    };
    Run run = new Run(runs().program().inProcess(2, plan), folder);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(
        List.of(
            "ringattention: -D parallel.heads = 2: must be 1 to generate: ranks that share a cache"
                + " exchange no heads"),
        run.errors());
  }

  /** As docs/generate.md uses it. */
  @Test
  void theInputOfTheRepository() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("inputs/generate.toml"));
    assertTrue(lines.get(0).startsWith("# Purpose: ") && lines.get(2).startsWith("# Needs:   "));
    List<String> line = new ArrayList<>(List.of("generate", "inputs/generate.toml"));
    line.addAll(List.of("-D", model(), "--prompt", "One", "-o", folder.resolve("run").toString()));
    Program program = runs().program();
    Run run = new Run(program.inProcess(2, line.toArray(String[]::new)), folder.resolve("run"));
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals(1, GenerateRuns.answers(run).size());
    line.set(0, "plan");
    line.subList(4, line.size()).clear();
    Run plan = new Run(program.inProcess(1, line.toArray(String[]::new)), folder);
    assertEquals(0, plan.job().exitCode(), plan.job().output());
    assertTrue(plan.job().output().contains("the longest prompt is"), plan.job().output());
  }
}
