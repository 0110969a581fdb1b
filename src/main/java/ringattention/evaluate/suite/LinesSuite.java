package ringattention.evaluate.suite;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import ringattention.random.Seed;

/**
 * A record of lines, each a key and a number, and questions for the numbers of some of them. No key
 * and no number is there twice.
 */
final class LinesSuite implements Suite {
  static final int NUMBERS = 50_000; // from 1 on, as LongEval has them

  private final Keys keys;
  private final LineWording wording;
  private final int questions;
  private final List<OptionalInt> depths;
  private final long seed;

  /**
   * @param questions of a context, at places of their own all over it
   * @param depths of the one line that is asked for; empty: anywhere
   */
  LinesSuite(Keys keys, LineWording wording, int questions, List<OptionalInt> depths, long seed) {
    this.keys = keys;
    this.wording = wording;
    this.questions = questions;
    this.depths = List.copyOf(depths);
    this.seed = seed;
  }

  @Override
  public List<OptionalInt> depths() {
    return depths;
  }

  @Override
  public Recipe recipe(Place place) {
    String name = "lines " + place.id();
    int[] order = Draw.shuffled(keys.count(), Seed.of(seed, name + " keys"));
    int[] numbers = Draw.shuffled(NUMBERS, Seed.of(seed, name + " numbers"));
    int most = Math.min(order.length, numbers.length);
    return new Recipe(questions, most, lines -> context(place, lines, order, numbers));
  }

  /**
   * @param order of keys; the first so many are in the record
   * @param numbers of the lines, less 1
   */
  private Context context(Place place, int lines, int[] order, int... numbers) {
    StringBuilder text = new StringBuilder(wording.head());
    for (int i = 0; i < lines; i++) {
      text.append(wording.line(keys.key(order[i]), numbers[i] + 1));
    }
    text.append(wording.end());
    List<Question> asked = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      int line = line(place, i, lines);
      String key = keys.key(order[line]);
      asked.add(
          new Question(
              wording.question(key),
              wording.begun(key),
              List.of(Integer.toString(numbers[line] + 1)),
              lines == 1 ? 0 : 100.0 * line / (lines - 1)));
    }
    return new Context(place.id(), place.length(), place.depth(), text.toString(), asked);
  }

  /** Returns the line that a question is for: at the depth, or anywhere in its share of them. */
  private int line(Place place, int question, int lines) {
    if (place.depth().isPresent()) {
      return (int) Math.round(place.depth().getAsInt() / 100.0 * (lines - 1));
    }
    int from = (int) ((long) question * lines / questions);
    int to = (int) ((question + 1L) * lines / questions);
    Seed places = Seed.of(seed, "lines " + place.id() + " places");
    return from + (int) Math.min(to - from - 1, (to - from) * (1 - places.uniform(question)));
  }
}
