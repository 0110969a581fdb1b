package ringattention.evaluate.suite;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.data.Tokenizer;
import ringattention.infer.FakeEngine;
import ringattention.infer.GenerateConfig;
import ringattention.infer.Generation;
import ringattention.infer.GenerationOutcome;
import ringattention.infer.Request;

/** Suites asked of an engine whose answers are known: what is scored, and what is left of it. */
class SuiteAnswersTest {
  private final List<String> lines = new ArrayList<>();
  private FakeEngine engine;

  /**
   * Asks the cases of an engine that gives each an answer and then a newline, which ends it.
   *
   * @param capacity tokens that the engine holds
   */
  private SuiteTable ask(int capacity, BiFunction<Tokenizer, Case, String> answer, String suite) {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      SuiteCases cases = Given.cases(tokenizer, suite.split("; "));
      Map<List<Integer>, String> answers = new HashMap<>(); // by prompt
      for (Case one : cases.cases()) {
        answers.put(all(one.request()), answer.apply(tokenizer, one) + "\n");
      }
      engine = new FakeEngine(8, capacity, 256, text -> next(text, answers)).withLongest(100_000);
      GenerateConfig config = Given.configuration("name=lines").get(GenerateConfig.SECTION);
      SuiteAnswers heard = new SuiteAnswers(cases, lines::add);
      GenerationOutcome outcome =
          new Generation(engine, tokenizer, config, Set.of((int) '\n'))
              .run(cases.requests(), Set.of(), heard, () -> false);
      engine.close();
      assertEquals(cases.cases().size(), lines.size());
      assertEquals(cases.cases().size(), outcome.finished() + outcome.refused().size());
      return heard.table();
    }
  }

  private static List<Integer> all(Request request) {
    return IntStream.concat(Arrays.stream(request.context()), Arrays.stream(request.prompt()))
        .boxed()
        .toList();
  }

  private static float[] next(int[] text, Map<List<Integer>, String> answers) {
    List<Integer> all = Arrays.stream(text).boxed().toList();
    float[] logits = new float[256];
    for (int made = 0; made < 200 && made < all.size(); made++) {
      String answer = answers.get(all.subList(0, all.size() - made));
      if (answer != null) {
        logits[answer.getBytes(UTF_8)[made] & 0xff] = 9;
      }
    }
    return logits;
  }

  private static final String LINES = "name=lines; lengths=[1500,3000]; contexts=3; questions=4";

  @Test
  void rightAnswersAreAllRight() {
    SuiteTable table =
        ask(
            1 << 20,
            (tokenizer, one) -> "The number is " + one.question().expected().get(0) + ".",
            LINES);
    assertEquals(
        """
        suite,length,depth,cases,correct,accuracy,low,high
        lines,1500,,12,12,1.0,0.7575059933447592,1.0
        lines,3000,,12,12,1.0,0.7575059933447592,1.0
        """,
        table.csv());
    assertEquals(6, engine.prefills.size()); // one a context
    assertTrue(lines.get(0).contains("\"correct\":true,\"score\":1.0,\"finish\":\"end\""));
    assertEquals(24, table.all().cases());
  }

  /** The prompt holds every number; an answer that holds none is wrong. */
  @Test
  void thePromptIsNotScored() {
    SuiteTable lines = ask(1 << 20, (tokenizer, one) -> "I do not know", LINES);
    assertEquals(0, lines.all().correct());
    this.lines.clear();
    String niah = "name=niah; lengths=[1500]; contexts=3";
    assertEquals(0, ask(1 << 20, (tokenizer, one) -> "", niah).all().correct());
  }

  @Test
  void wrongAnswersOfOneDepthCountThere() {
    String suite = "name=needle; lengths=[1200,900]; contexts=4; depths=[100,0,50]";
    SuiteTable table =
        ask(
            1 << 20,
            (tokenizer, one) ->
                one.depth().getAsInt() == 50 && one.length() == 900
                    ? "1" + one.question().expected().get(0)
                    : one.question().expected().get(0),
            suite);
    assertEquals(
        List.of(
            "needle,900,,12,8,",
            "needle,900,0,4,4,",
            "needle,900,50,4,0,",
            "needle,900,100,4,4,",
            "needle,1200,,12,12,",
            "needle,1200,0,4,4,",
            "needle,1200,50,4,4,",
            "needle,1200,100,4,4,"),
        table.csv().lines().skip(1).map(SuiteAnswersTest::counts).toList());
    assertEquals(20, table.all().correct());
    assertTrue(table.hasDepths());
    assertTrue(table.map().length > 1000 && table.plot().length > 1000);
  }

  private static String counts(String row) {
    return row.replaceFirst("^(([^,]*,){5}).*", "$1");
  }

  @Test
  void aPartOfTheValuesIsAPartOfACase() {
    String suite = "name=niah; lengths=[1500]; contexts=3; keys=3; values=4";
    SuiteTable table =
        ask(
            1 << 20,
            (tokenizer, one) -> String.join(", ", one.question().expected().subList(1, 4)),
            suite);
    assertEquals(2.25, table.all().correct());
    assertEquals(.75, table.all().accuracy());
    assertTrue(table.csv().contains("niah,1500,,3,2.2500,0.75,"), table.csv());
  }

  /** What does not fit is neither right nor wrong. */
  @Test
  void refusedCasesAreNotScored() {
    SuiteTable table = ask(2000, (tokenizer, one) -> one.question().expected().get(0), LINES);
    assertEquals(12, table.all().cases());
    assertEquals(1, table.lengths().size());
    assertEquals(
        12, lines.stream().filter(line -> line.contains("\"finish\":\"refused\"")).count());
  }
}
