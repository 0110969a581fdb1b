package ringattention.data.fasta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Counts, and the bits of the model that is chosen, beside plain maps of texts. */
class MarkovModelTest {
  private static final int N = Bases.LETTERS.indexOf('N');

  private long seed;
  private Random random;

  @BeforeEach
  void draw() {
    seed = System.nanoTime();
    random = new Random(seed);
    System.out.println("MarkovModelTest seed " + seed);
  }

  private static BaseRow row(String letters, boolean... notLearned) {
    BaseRow row = new BaseRow(letters.length());
    for (int i = 0; i < letters.length(); i++) {
      int token = Bases.token(letters.charAt(i));
      row.add(token, token < Bases.BASES && (i >= notLearned.length || !notLearned[i]));
    }
    return row;
  }

  /** Returns bases in which a context of three tells much of the next, with an N now and then. */
  private String letters(int count, boolean gaps) {
    StringBuilder text = new StringBuilder("ACG");
    while (text.length() < count) {
      int context = text.substring(text.length() - 3).hashCode();
      int base = random.nextInt(10) < 6 ? Math.floorMod(context * 31, 4) : random.nextInt(4);
      text.append(gaps && random.nextInt(50) == 0 ? 'N' : Bases.LETTERS.charAt(base));
    }
    return text.toString();
  }

  private static String reversed(String letters) {
    StringBuilder text = new StringBuilder();
    for (int i = letters.length() - 1; i >= 0; i--) {
      text.append("TGCAN".charAt("ACGTN".indexOf(letters.charAt(i))));
    }
    return text.toString();
  }

  /** Adds the bases behind 16 known ones, by all their contexts. */
  private static void add(Map<String, int[]> to, String letters) {
    for (int i = MarkovModel.MOST; i < letters.length(); i++) {
      if (letters.substring(i - MarkovModel.MOST, i + 1).indexOf('N') < 0) {
        for (int order = 0; order <= MarkovModel.MOST; order++) {
          to.computeIfAbsent(letters.substring(i - order, i), none -> new int[4])[
              Bases.token(letters.charAt(i))]++;
        }
      }
    }
  }

  @Test
  void countsAreThoseOfTheTexts() {
    String learned = letters(3000, true);
    String asked = learned.substring(700, 760) + letters(200, true);
    for (boolean both : new boolean[] {false, true}) {
      Map<String, int[]> expected = new HashMap<>();
      add(expected, learned);
      if (both) {
        add(expected, reversed(learned));
      }
      ContextCounts counts = new ContextCounts(row(learned), 0, learned.length(), both);
      int[][] found = new int[MarkovModel.MOST + 1][4];
      for (int position = 0; position < asked.length(); position++) {
        counts.count(row(asked), position, found);
        boolean known = true;
        for (int order = 0; order < found.length; order++) {
          known &= order <= position && (order == 0 || asked.charAt(position - order) != 'N');
          int[] here =
              known
                  ? expected.getOrDefault(asked.substring(position - order, position), new int[4])
                  : new int[4];
          for (int base = 0; base < 4; base++) {
            assertEquals(here[base], found[order][base], "order " + order + ", seed " + seed);
          }
        }
      }
    }
  }

  /** What has an order of 3 is told by that, near its entropy, and not by a lower one. */
  @Test
  void theOrderOfTheSourceIsFound() {
    BaseRow learned = row(letters(200_000, false));
    BaseRow asked = row(letters(20_000, false));
    MarkovModel best = MarkovModel.of(learned, asked, 8, false).orElseThrow();
    MarkovModel lower = MarkovModel.of(learned, asked, 2, false).orElseThrow();
    double often = 0.6 + 0.1;
    double entropy = -(often * Math.log(often) + 0.3 * Math.log(0.1)) / Math.log(2);
    assertTrue(best.order() >= 3, "order " + best.order() + ", seed " + seed);
    assertEquals(entropy, best.bits(), 0.03, "seed " + seed);
    assertTrue(lower.bits() > best.bits() + 0.1, lower.bits() + ", seed " + seed);
    assertEquals(20_000, best.bases());
  }

  /** Of chance there is nothing to learn: no model gets below 2 bits but by accident. */
  @Test
  void chanceHasTwoBits() {
    StringBuilder text = new StringBuilder();
    random.ints(100_000, 0, 4).forEach(base -> text.append(Bases.LETTERS.charAt(base)));
    MarkovModel best =
        MarkovModel.of(row(text.substring(0, 80_000)), row(text.substring(80_000)), 16, true)
            .orElseThrow();
    assertEquals(2, best.bits(), 0.005, "seed " + seed);
  }

  /** What is not learned is no label, of the model's or of what it is asked. */
  @Test
  void whatIsNotLearnedIsNotPredicted() {
    String text = letters(1000, false);
    boolean[] masked = new boolean[1000];
    masked[500] = true;
    BaseRow row = row(text, masked);
    assertEquals(
        999, MarkovModel.of(row(letters(5000, false)), row, 4, false).orElseThrow().bases());
    assertEquals(1000 - 17, new ContextCounts(row, 0, 1000, false).size());
    assertTrue(row.base(500) < N && !row.isLearned(500));
  }

  @Test
  void nothingIsSaidOfTooLittle() {
    assertEquals(Optional.empty(), MarkovModel.of(row("ACGT"), row("ACGT"), 4, false));
  }
}
