package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.infer.Rig.GREEDY;
import static ringattention.infer.Rig.WARM;
import static ringattention.infer.Rig.behind;
import static ringattention.infer.Rig.request;
import static ringattention.infer.Rig.settings;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Many answers at a time, each as if it were alone. */
class GenerationTest {
  private static Rig rig(int rows, int capacity) {
    return new Rig(Rig.engine(rows, capacity));
  }

  private static void assertSame(GenerationResult expected, GenerationResult found) {
    assertArrayEquals(expected.tokens(), found.tokens(), expected.key().toString());
    assertArrayEquals(
        expected.logProbabilities().orElseThrow(), found.logProbabilities().orElseThrow());
    assertEquals(expected.text(), found.text());
    assertEquals(expected.finish(), found.finish());
  }

  /** Unequal prompts and answers, drawn and not, in every order and any number of rows. */
  @Test
  void answersAreThoseOfEachAlone() {
    Sampling penalized = new Sampling(.9, 20, .9, 1.3, 5);
    List<Request> requests = new ArrayList<>();
    for (String prompt : List.of("abc", "abcdefg", "hello world", "x", "yz")) {
      requests.add(request("g" + prompt, prompt, settings(16, 1, GREEDY)));
      requests.add(request("w" + prompt, prompt, settings(40, 2, WARM)));
      requests.add(request("p" + prompt, prompt, settings(9, 1, penalized)));
    }
    Rig alone = rig(1, 1 << 20);
    for (Request request : requests) {
      alone.run(request);
    }
    assertTrue(
        alone.results.values().stream().map(GenerationResult::finish).distinct().count() > 1);
    Random random = new Random(1);
    for (int rows : new int[] {1, 2, 3, 8}) {
      Collections.shuffle(requests, random);
      Rig together = rig(rows, 1 << 20).run(requests.toArray(new Request[0]));
      assertEquals(alone.results.keySet(), together.results.keySet());
      alone.results.forEach((key, result) -> assertSame(result, together.results.get(key)));
      together.results.forEach(
          (key, result) -> assertEquals(result.text(), together.streamed.getOrDefault(key, "")));
    }
  }

  @Test
  void aRowThatEndedIsNotSampledAgain() {
    Rig rig = Rig.saying(Map.of("a", "ok\n", "b", "123456789\n"));
    rig.run(
        request("short", "a", settings(50, 1, GREEDY)),
        request("long", "b", settings(50, 1, GREEDY)));
    assertArrayEquals(Rig.bytes("ok"), rig.result("short").tokens());
    assertEquals(2, rig.result("short").logProbabilities().orElseThrow().length);
    assertEquals(Finish.END, rig.result("short").finish());
    assertEquals("123456789", rig.result("long").text());
    assertEquals(List.of(2, 2, 1, 1, 1, 1, 1, 1, 1), rig.engine.steps);
    assertEquals(11, rig.outcome.newTokens());
  }

  @Test
  void theNextTakesThePlaceAtOnce() {
    Rig rig = Rig.saying(Map.of("a", "1\n", "b", "12345\n", "c", "12\n", "d", "1\n"));
    rig.batch = 2;
    Settings settings = settings(50, 1, GREEDY);
    rig.run(
        request("a", "a", settings),
        request("b", "b", settings),
        request("c", "c", settings),
        request("d", "d", settings));
    assertEquals("[2, 2, 2, 2, 1]", rig.engine.steps.toString());
    assertEquals(
        "[a, c, d, b]", rig.results.keySet().stream().map(SampleKey::id).toList().toString());
  }

  @Test
  void anEmptyAnswerNeedsNoStep() {
    Rig rig = Rig.saying(Map.of("a", "\n")).run(request("1", "a", settings(9, 1, GREEDY)));
    assertEquals("", rig.result("1").text());
    assertEquals(0, rig.result("1").tokens().length);
    assertEquals(Finish.END, rig.result("1").finish());
    assertTrue(rig.engine.steps.isEmpty());
    Rig ignoring = Rig.saying(Map.of("a", "\nb"));
    ignoring.ignoreEnd = true;
    ignoring.run(request("1", "a", settings(2, 1, GREEDY)));
    assertEquals("\nb", ignoring.result("1").text());
  }

  @Test
  void oneNewTokenIsOne() {
    Rig rig = Rig.saying(Map.of("a", "bc")).run(request("1", "a", settings(1, 1, GREEDY)));
    assertEquals("b", rig.result("1").text());
    assertEquals(Finish.LENGTH, rig.result("1").finish());
    assertTrue(rig.engine.steps.isEmpty());
  }

  @Test
  void stopTextAcrossTokens() {
    Rig rig =
        Rig.saying(
            Map.of(
                "a", "alpha beta gamma delta",
                "b", "alpha beta gamble\n",
                "c", "alpha beta gam",
                "d", "x beta gamma"));
    Settings settings = settings(17, 1, GREEDY, "beta gamma", "beta gamma d");
    rig.run(
        request("stopped", "a", settings),
        request("near", "b", settings),
        request("cut", "c", settings(14, 1, GREEDY, "beta gamma")),
        request("last", "d", settings(12, 1, GREEDY, "beta gamma")));
    assertEquals("alpha ", rig.result("stopped").text());
    assertEquals(Finish.STOP, rig.result("stopped").finish());
    assertEquals(16, rig.result("stopped").tokens().length); // with those of the stop
    assertEquals("alpha beta gamble", rig.result("near").text());
    assertEquals(Finish.LENGTH, rig.result("near").finish());
    assertEquals("alpha beta gam", rig.result("cut").text()); // what was held comes out
    assertEquals("x ", rig.result("last").text());
    assertEquals(Finish.STOP, rig.result("last").finish());
    rig.results.forEach((key, result) -> assertEquals(result.text(), rig.streamed.get(key)));
  }

  /** What is left of a character that the cap cuts is the tail of all tokens' text. */
  @Test
  void aCharacterThatIsCut() {
    Rig rig = Rig.saying(Map.of("a", "h\ud83d\ude00!\n"));
    rig.run(
        request("whole", "a", settings(9, 1, GREEDY)), request("cut", "a", settings(3, 1, GREEDY)));
    assertEquals("h\ud83d\ude00!", rig.result("whole").text());
    assertEquals(rig.tokenizer.decode(rig.result("cut").tokens(), true), rig.result("cut").text());
    assertEquals("h\ufffd", rig.result("cut").text());
  }

  @Test
  void aSharedContextIsComputedOnce() {
    List<Request> shared = new ArrayList<>();
    List<Request> apart = new ArrayList<>();
    for (String question : List.of("one?", "another one?", "", "z")) {
      Settings settings = settings(30, 2, question.equals("z") ? GREEDY : WARM);
      shared.add(behind(question, "a long story. ", question, settings));
      apart.add(request(question, "a long story. " + question, settings));
    }
    shared.add(1, request("other", "something else", settings(30, 3, WARM)));
    apart.add(1, shared.get(1));
    Rig together = rig(3, 1 << 20).run(shared.toArray(new Request[0]));
    Rig expected = rig(3, 1 << 20).run(apart.toArray(new Request[0]));
    assertEquals(List.of(14, 14), together.engine.prefills);
    assertEquals(5, expected.engine.prefills.size()); // samples share the prompt
    assertEquals(11, together.results.size());
    expected.results.forEach((key, result) -> assertSame(result, together.results.get(key)));
    assertEquals(14 + 14 + 2 * (4 + 12 + 1), together.outcome.promptTokens());
  }

  /** Nothing else begins with its context: all of the prompt is shared by its samples. */
  @Test
  void aContextOfOneRequest() {
    Rig rig = rig(8, 1 << 20).run(behind("1", "context ", "prompt", settings(5, 3, WARM)));
    assertEquals(List.of(14), rig.engine.prefills);
    assertEquals(14, rig.outcome.promptTokens());
    assertEquals(14, rig.result("1").promptTokens());
  }

  /** Room for two answers of 10 + 20 tokens: the third waits, and memory is never exceeded. */
  @Test
  void workWaitsForRoom() {
    Rig rig = rig(8, 65);
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      requests.add(request("r" + i, "0123456789", settings(20, 1, WARM)));
    }
    rig.run(requests.toArray(new Request[0]));
    assertEquals(7, rig.outcome.finished());
    assertTrue(rig.outcome.isComplete());
    assertEquals(2, Collections.max(rig.engine.steps));
    assertEquals(60, rig.engine.mostHeld);
  }

  @Test
  void whatDoesNotFitAloneIsRefusedByName() {
    Rig rig = rig(8, 65);
    rig.run(
        request("first", "abc", settings(20, 1, GREEDY)),
        request("large", "x".repeat(50), settings(20, 2, GREEDY)),
        request("endless", "abc", settings(Integer.MAX_VALUE, 1, GREEDY)),
        request("last", "abc", settings(20, 1, GREEDY)));
    assertEquals(
        List.of(
            "request \"large\": a prompt of 50 tokens and 20 new ones do not fit, the longest"
                + " prompt that fits has 45",
            "request \"endless\": a prompt of 3 tokens and 2147483647 new ones do not fit, no"
                + " prompt fits with so many"),
        rig.outcome.refused());
    assertEquals(2, rig.outcome.finished());
    assertFalse(rig.outcome.isComplete());
    assertEquals(Finish.REFUSED, rig.result("large", 1).finish());
    assertEquals(Finish.REFUSED, rig.result("endless").finish());
    assertSame(
        rig(1, 65).run(request("last", "abc", settings(20, 1, GREEDY))).result("last"),
        rig.result("last"));
  }

  @Test
  void theModelsLongestText() {
    Rig rig = new Rig(Rig.engine(8, 1 << 20).withLongest(30));
    rig.run(
        request("fits", "0123456789", settings(20, 1, GREEDY)),
        request("large", "0123456789a", settings(20, 1, GREEDY)));
    assertEquals(
        List.of(
            "request \"large\": a prompt of 11 tokens and 20 new ones do not fit, the longest"
                + " prompt that fits has 10"),
        rig.outcome.refused());
    assertEquals(1, rig.outcome.finished());
  }

  /** One of several questions on a context is too long beside it; the others are answered. */
  @Test
  void refusedBehindAContext() {
    Settings settings = settings(20, 1, GREEDY);
    Rig rig = rig(8, 100);
    rig.run(
        behind("large", "0123456789", "x".repeat(90), settings),
        behind("small", "0123456789", "x", settings),
        behind("large too", "0123456789", "x".repeat(71), settings));
    assertEquals(1, rig.outcome.finished());
    assertTrue(rig.outcome.refused().get(0).endsWith("has 80"), rig.outcome.refused().get(0));
    assertTrue(rig.outcome.refused().get(1).endsWith("has 80"), rig.outcome.refused().get(1));
  }

  @Test
  void interruptedAnswersAreWhatThereIs() {
    Rig rig = Rig.saying(Map.of("a", "abcdefghij", "b", "stop\n"));
    rig.batch = 2;
    int[] asked = {0};
    rig.stop = () -> ++asked[0] > 5; // two prefills, three steps
    rig.run(
        request("1", "a", settings(50, 1, GREEDY, "efg")),
        request("2", "b", settings(4, 1, GREEDY)),
        request("3", "a", settings(50, 2, GREEDY)));
    assertEquals("abcd", rig.result("1").text());
    assertEquals(Finish.INTERRUPTED, rig.result("1").finish());
    assertEquals(Finish.LENGTH, rig.result("2").finish());
    assertEquals(2, rig.results.size());
    assertEquals(1, rig.outcome.interrupted());
    assertEquals(2, rig.outcome.notBegun());
    assertFalse(rig.outcome.isComplete());
  }

  /** Questions that wait keep their context; nothing is held behind the run all the same. */
  @Test
  void interruptedBehindAContext() {
    Rig rig = rig(1, 1 << 20);
    int[] asked = {0};
    rig.stop = () -> ++asked[0] > 2;
    rig.run(
        behind("1", "abc", "d", settings(500, 1, WARM)),
        behind("2", "abc", "e", settings(500, 1, WARM)));
    assertEquals(1, rig.outcome.notBegun());
  }

  @Test
  void whatIsDoneIsNotMadeAgain() {
    Rig rig = rig(8, 1 << 20);
    rig.done.add(new SampleKey("1", 1));
    rig.done.add(new SampleKey("2", 0));
    rig.run(request("1", "a", settings(5, 3, WARM)), request("2", "b", settings(5, 1, WARM)));
    assertEquals(
        "[SampleKey[id=1, sample=0], SampleKey[id=1, sample=2]]", rig.results.keySet().toString());
    Rig all = rig(8, 1 << 20).run(request("1", "a", settings(5, 3, WARM)));
    rig.results.forEach((key, result) -> assertSame(all.results.get(key), result));
  }

  @Test
  void drawsDependOnSeedRequestSampleAndPlace() {
    Settings settings = settings(40, 2, WARM);
    Rig rig = rig(8, 1 << 20);
    Sampling other = new Sampling(.7, 0, 1, 1, 2);
    rig.ignoreEnd = true;
    rig.run(request("1", "abc", settings), request("2", "abc", settings));
    Rig seeded = rig(8, 1 << 20);
    seeded.ignoreEnd = true;
    seeded.run(request("1", "abc", settings(40, 1, other)));
    String text = rig.result("1").text();
    assertNotEquals(text, rig.result("1", 1).text());
    assertNotEquals(text, rig.result("2").text());
    assertNotEquals(text, seeded.result("1").text());
    Rig flat = new Rig(Rig.engine(1, 1000, all -> new float[Rig.BYTES])); // place alone differs
    flat.ignoreEnd = true;
    flat.run(request("1", "abc", settings));
    assertTrue(Arrays.stream(flat.result("1").tokens()).distinct().count() > 20);
  }

  /** Rows of temperature 0 and nearly 0 are not moved by a warm one between them. */
  @Test
  void temperaturesOfABatch() {
    Settings cold = settings(20, 1, GREEDY);
    Settings cool = settings(20, 1, new Sampling(1e-7, 0, 1, 1, 1));
    Settings warm = settings(20, 1, WARM);
    Rig rig = rig(3, 1 << 20);
    rig.run(request("1", "abc", cold), request("2", "abc", warm), request("3", "abc", cool));
    assertArrayEquals(rig.result("1").tokens(), rig.result("3").tokens());
    assertSame(rig(1, 1 << 20).run(request("2", "abc", warm)).result("2"), rig.result("2"));
    Rig tie = new Rig(Rig.engine(1, 1000, text -> new float[Rig.BYTES]));
    tie.run(request("1", "abc", settings(2, 1, GREEDY)));
    assertArrayEquals(new int[] {0, 0}, tie.result("1").tokens());
  }

  /** The model likes b, then c, then d; what was there, in context, prompt or answer, is halved. */
  @Test
  void thePenaltyIsForPromptAndAnswer() {
    Sampling halving = new Sampling(0, 0, 1, 2, 1);
    Rig rig =
        new Rig(
            Rig.engine(
                8,
                1000,
                text -> {
                  float[] logits = new float[Rig.BYTES];
                  logits['b'] = 8;
                  logits['c'] = 7;
                  logits['d'] = 6;
                  return logits;
                }));
    rig.run(
        request("none", "abab", settings(3, 1, GREEDY)),
        request("answer", "x", settings(4, 1, halving)),
        request("prompt", "bbb", settings(3, 1, halving)),
        behind("context", "cb", "y", settings(2, 1, halving)),
        behind("context too", "cb", "", settings(2, 1, halving)));
    assertEquals("bbb", rig.result("none").text());
    assertEquals("bcdb", rig.result("answer").text());
    assertEquals("cdb", rig.result("prompt").text());
    assertEquals("db", rig.result("context").text());
    assertEquals("db", rig.result("context too").text());
  }

  @Test
  void paddingOfTheModelIsNeverChosen() {
    FakeEngine engine =
        new FakeEngine(
            1,
            1000,
            300,
            text -> {
              float[] logits = new float[300];
              logits[299] = 9;
              logits['q'] = 1;
              return logits;
            });
    Rig rig = new Rig(engine).run(request("1", "a", settings(2, 1, GREEDY)));
    assertEquals("qq", rig.result("1").text());
  }

  @Test
  void logitsThatAreNotFiniteNameTheRequest() {
    Rig rig =
        new Rig(
            Rig.engine(
                8,
                1000,
                text -> {
                  float[] logits = Rig.pairs(text);
                  logits[7] = text[0] == 'b' && text.length == 5 ? Float.NaN : logits[7];
                  return logits;
                }));
    rig.ignoreEnd = true;
    ArithmeticException error =
        assertThrows(
            ArithmeticException.class,
            () ->
                rig.run(
                    request("good", "abc", settings(9, 1, GREEDY)),
                    request("bad", "bcd", settings(9, 1, GREEDY))));
    assertEquals(
        "request \"bad\": behind 5 tokens the logit of token 7 is NaN", error.getMessage());
  }

  @Test
  void timesAreOfTheAnswer() {
    Rig rig = Rig.saying(Map.of("a", "bcd"));
    rig.run(request("1", "a", settings(3, 1, GREEDY)), request("one", "a", settings(1, 1, GREEDY)));
    assertTrue(rig.result("1").decodeRate() > 0);
    assertTrue(rig.result("1").prefillSeconds() > 0);
    assertEquals(0, rig.result("one").decodeRate());
  }
}
