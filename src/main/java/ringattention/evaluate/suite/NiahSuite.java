package ringattention.evaluate.suite;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.StringJoiner;
import ringattention.random.Seed;

/**
 * Magic numbers of several keys, one or more of each, all over a text, and questions for all
 * numbers of one or more keys; as RULER has it ({@code scripts/data/synthetic/niah.py}): single,
 * multikey, multivalue and multiquery.
 */
final class NiahSuite implements Suite {
  private static final int DEPTHS = 1000; // places of needles, as parts of the text

  private final Haystack haystack;
  private final Keys keys;
  private final SuiteConfig.NiahCounts counts;
  private final int questions;
  private final long seed;

  /**
   * @param questions of a context, each for other keys
   */
  NiahSuite(Haystack haystack, Keys keys, SuiteConfig.NiahCounts counts, int questions, long seed) {
    this.haystack = haystack;
    this.keys = keys;
    this.counts = counts;
    this.questions = questions;
    this.seed = seed;
  }

  @Override
  public List<OptionalInt> depths() {
    return List.of(OptionalInt.empty());
  }

  /**
   * What is hidden.
   *
   * @param names of the keys
   * @param values of each key, in its order
   * @param needles key and value of each as the place in the lists, in the order of the text
   * @param depths of the needles in that order, of {@link #DEPTHS}
   */
  private record Hidden(
      List<String> names, List<List<String>> values, int[] needles, int[] depths) {}

  @Override
  public Recipe recipe(Place place) {
    Seed draws = Seed.of(seed, "niah " + place.id());
    int start = Draw.below(haystack.words().size(), draws, 0);
    Hidden hidden = hidden(place, draws);
    int needles = counts.keys() * counts.values();
    return new Recipe(needles, place.length(), words -> context(place, start, words, hidden));
  }

  private Hidden hidden(Place place, Seed draws) {
    String name = "niah " + place.id();
    int[] order = Draw.shuffled(keys.count(), Seed.of(seed, name + " keys"));
    MagicNumbers numbers = new MagicNumbers(haystack, draws);
    List<String> names = new ArrayList<>();
    List<List<String>> values = new ArrayList<>();
    for (int key = 0; key < counts.keys(); key++) {
      names.add(keys.key(order[key]));
      List<String> own = new ArrayList<>();
      for (int value = 0; value < counts.values(); value++) {
        own.add(numbers.next());
      }
      values.add(own);
    }
    int needles = counts.keys() * counts.values();
    int[] depths =
        Arrays.copyOf(Draw.shuffled(DEPTHS + 1, Seed.of(seed, name + " depths")), needles);
    Arrays.sort(depths);
    return new Hidden(
        names, values, Draw.shuffled(needles, Seed.of(seed, name + " needles")), depths);
  }

  private Context context(Place place, int start, int words, Hidden hidden) {
    StringJoiner text = new StringJoiner(" ");
    double[] depths = new double[hidden.needles().length]; // by key and value
    int from = start;
    for (int i = 0; i < hidden.needles().length; i++) {
      int wanted = start + (int) ((long) words * hidden.depths()[i] / DEPTHS);
      int at = wanted == start + words ? wanted : haystack.sentenceEnd(from, wanted);
      if (at > from) {
        text.add(haystack.text(from, at));
      }
      from = at;
      int needle = hidden.needles()[i];
      int key = needle / counts.values();
      String value = hidden.values().get(key).get(needle % counts.values());
      text.add(
          "One of the special magic numbers for "
              + hidden.names().get(key)
              + " is: "
              + value
              + ".");
      depths[needle] = 100.0 * (at - start) / words;
    }
    if (from < start + words) {
      text.add(haystack.text(from, start + words));
    }
    return new Context(
        place.id(), place.length(), place.depth(), head() + text + "\n", questions(hidden, depths));
  }

  private boolean one() {
    return counts.queries() * counts.values() == 1;
  }

  private String head() {
    return one()
        ? "A special magic number is hidden within the following text. Make sure to memorize it. I"
            + " will quiz you about the number afterwards.\n"
        : "Some special magic numbers are hidden within the following text. Make sure to memorize"
            + " it. I will quiz you about the numbers afterwards.\n";
  }

  private List<Question> questions(Hidden hidden, double... depths) {
    List<Question> asked = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      int first = i * counts.queries();
      List<String> names = hidden.names().subList(first, first + counts.queries());
      List<String> expected = new ArrayList<>();
      for (int key = first; key < first + counts.queries(); key++) {
        expected.addAll(hidden.values().get(key));
      }
      String query = query(names);
      String text =
          (one()
                  ? "What is the special magic number for "
                  : "What are all the special magic numbers for ")
              + query
              + " mentioned in the provided text?";
      String begun =
          (one() ? " The special magic number for " : " The special magic numbers for ")
              + query
              + " mentioned in the provided text "
              + (one() ? "is" : "are");
      asked.add(new Question(text, begun, expected, depths[first * counts.values()]));
    }
    return asked;
  }

  private static String query(List<String> names) {
    int last = names.size() - 1;
    return last == 0
        ? names.get(0)
        : String.join(", ", names.subList(0, last)) + ", and " + names.get(last);
  }
}
