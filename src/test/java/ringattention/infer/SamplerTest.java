package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final BitSet NONE = new BitSet();
  private static final int DRAWS = 10000;

  private static Sampling sampling(double temperature, int topK, double topP, double penalty) {
    return new Sampling(temperature, topK, topP, penalty, 1);
  }

  private static float[] logits(String probabilities) {
    String[] all = probabilities.trim().split(" ");
    float[] logits = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      logits[i] = (float) Math.log(Double.parseDouble(all[i]));
    }
    return logits;
  }

  /** Returns how often each token is drawn by numbers that are spread evenly. */
  private static TreeMap<Integer, Integer> drawn(float[] logits, Sampling sampling) {
    Sampler sampler = new Sampler(logits.length);
    TreeMap<Integer, Integer> drawn = new TreeMap<>();
    for (int i = 0; i < DRAWS; i++) {
      drawn.merge(sampler.choose(logits, sampling, NONE, (i + .5) / DRAWS), 1, Integer::sum);
    }
    return drawn;
  }

  /** The token that crosses the threshold is kept, and none more if the sum hits it. */
  @ParameterizedTest
  @CsvSource({
    ".5 .3 .15 .05, .6, 0 1",
    ".5 .3 .15 .05, .8, 0 1",
    ".5 .3 .15 .05, .85, 0 1 2",
    ".5 .3 .15 .05, 1e-6, 0",
    ".5 .3 .15 .05, 1.0, 0 1 2 3",
    ".3 .1 .1 .5, .8, 0 3",
    ".3 .25 .225 .225, .55, 0 1",
    ".25 .25 .25 .25, .5, 0 1",
    ".001 .001 .997 .001, .9985, 0 1 2"
  })
  void topP(String probabilities, double topP, String kept) {
    float[] logits = logits(probabilities);
    for (int topK : new int[] {0, logits.length}) {
      String tokens = drawn(logits, sampling(1, topK, topP, 1)).keySet().toString();
      assertEquals("[" + kept.replace(" ", ", ") + "]", tokens, "top-k " + topK);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 0 3", "3, 0 1 3", "4, 0 1 2 3", "9, 0 1 2 3"})
  void topK(int topK, String kept) {
    String tokens = drawn(logits(".3 .1 .1 .5"), sampling(1, topK, 1, 1)).keySet().toString();
    assertEquals("[" + kept.replace(" ", ", ") + "]", tokens);
  }

  /** Of the two tokens that topK leaves, the first has 5/8. */
  @Test
  void topPIsAShareOfWhatTopKLeaves() {
    assertEquals(1, drawn(logits(".3 .1 .1 .5"), sampling(1, 2, .6, 1)).size());
    assertEquals(2, drawn(logits(".3 .1 .1 .5"), sampling(1, 2, .65, 1)).size());
  }

  @Test
  void tokensAreDrawnByTheirProbability() {
    float[] logits = logits(".3 .1 .1 .5");
    assertEquals(
        "{0=3000, 1=1000, 2=1000, 3=5000}", drawn(logits, sampling(1, 0, 1, 1)).toString());
    assertEquals("{0=3750, 3=6250}", drawn(logits, sampling(1, 2, 1, 1)).toString());
    TreeMap<Integer, Integer> cold = drawn(logits, sampling(.5, 0, 1, 1)); // squares: 9 1 1 25
    assertEquals(DRAWS * 25 / 36.0, cold.get(3), 1);
  }

  /** A full sort and this partial one keep the same, also of many tokens. */
  @ParameterizedTest
  @ValueSource(doubles = {.1, .5, .9, .99})
  void topPOfManyTokens(double topP) {
    Random random = new Random(3);
    float[] logits = new float[5000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    Integer[] order =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[b], logits[a]))
            .toArray(Integer[]::new);
    double all = IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i])).sum();
    int kept = 0;
    for (double sum = 0; sum < topP * all; kept++) {
      sum += Math.exp(logits[order[kept]]);
    }
    Sampler sampler = new Sampler(logits.length);
    int last = sampler.choose(logits, sampling(1, 0, topP, 1), NONE, 1);
    int expected = kept - 1;
    int found =
        IntStream.range(0, order.length).filter(i -> order[i] == last).findFirst().orElse(-1);
    assertTrue(Math.abs(expected - found) <= 1, found + " instead of " + expected);
  }

  /** Also temperatures that are nearly 0, whatever is drawn. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-300, 1e-7})
  void coldIsTheHighestWithTheLowestId(double temperature) {
    float[] logits = {-3e38f, 1, 5, 5, -3e38f};
    Sampler sampler = new Sampler(logits.length);
    for (double uniform : new double[] {1e-16, .5, 1}) {
      assertEquals(2, sampler.choose(logits, sampling(temperature, 0, 1, 1), NONE, uniform));
    }
  }

  @Test
  void coldAndHotDoNotOverflow() {
    float[] logits = {-3e38f, 3e38f, 2e38f};
    assertEquals("{1=10000}", drawn(logits, sampling(1e-5, 0, 1, 1)).toString());
    assertEquals("{1=10000}", drawn(logits, sampling(1e-5, 2, .5, 1)).toString());
    assertEquals(
        DRAWS / (1 + Math.E), drawn(new float[] {1000, 1001}, sampling(1, 0, 1, 1)).get(0), 1);
    assertEquals(
        "[0, 1, 2]", drawn(logits, sampling(Double.MAX_VALUE, 0, 1, 1)).keySet().toString());
  }

  /** Logits [2, -2, 1] and seen tokens 0 and 1 give [1, -4, 1]. */
  @Test
  void penaltyHasTheSignsRule() {
    float[] logits = {2, -2, 1};
    BitSet seen = new BitSet();
    seen.set(0);
    seen.set(1);
    seen.set(7); // padding of the model, no token
    Sampler sampler = new Sampler(3);
    double[] weights = {Math.exp(1), Math.exp(-4), Math.exp(1)};
    double all = weights[0] + weights[1] + weights[2];
    int[] counts = new int[3];
    for (int i = 0; i < DRAWS; i++) {
      counts[sampler.choose(logits, sampling(1, 0, 1, 2), seen, (i + .5) / DRAWS)]++;
    }
    for (int token = 0; token < 3; token++) {
      assertEquals(DRAWS * weights[token] / all, counts[token], 1.5);
    }
    assertEquals(0, sampler.choose(logits, sampling(0, 0, 1, 2), seen, 1)); // a tie
    assertEquals(2, sampler.choose(logits, sampling(0, 0, 1, 2.01), seen, 1));
    assertEquals(2, logits[0]); // they are the engine's
    assertEquals(2, sampler.choose(logits, sampling(1, 0, 1, Double.MAX_VALUE), seen, 1));
    assertEquals(0, sampler.choose(logits, sampling(1, 0, 1, Double.MIN_VALUE), seen, 1));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void logitsMustBeFinite(float wrong) {
    float[] logits = {1, 2, wrong, Float.NaN};
    ArithmeticException error =
        assertThrows(
            ArithmeticException.class,
            () -> new Sampler(3).choose(logits, sampling(0, 0, 1, 1), NONE, 1));
    assertEquals("the logit of token 2 is " + wrong, error.getMessage());
    assertEquals(1, new Sampler(2).choose(logits, sampling(0, 0, 1, 1), NONE, 1)); // padding
  }

  @Test
  void logProbabilitiesAreThoseOfTheLogits() {
    float[] logits = logits(".3 .1 .1 .5 .7");
    Sampler sampler = new Sampler(4);
    assertEquals(Math.log(.3), sampler.logProbability(logits, 0), 1e-6);
    float[] high = {1e30f, 1e30f, 0, 0};
    assertEquals(Math.log(.5), sampler.logProbability(high, 1), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 0, 1, 1, 'temperature must be a number, at least 0'",
    "NaN, 0, 1, 1, 'temperature must be a number, at least 0'",
    "1, -1, 1, 1, 'topK must be a number, at least 0'",
    "1, 0, 0, 1, 'topP must be a number, above 0, at most 1'",
    "1, 0, 1.1, 1, 'topP must be a number, above 0, at most 1'",
    "1, 0, 1, 0, 'repetitionPenalty must be a number, above 0'",
    "1, 0, 1, Infinity, 'repetitionPenalty must be a number, above 0'"
  })
  void wrongSampling(double temperature, int topK, double topP, double penalty, String problem) {
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class, () -> sampling(temperature, topK, topP, penalty));
    assertEquals(problem, error.getMessage());
  }
}
