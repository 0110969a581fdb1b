package ringattention.evaluate.suite;

import java.util.List;
import java.util.OptionalInt;
import ringattention.random.Seed;

/**
 * A sentence with the magic number of a city at some depth of a text, and a question for it; as LWM
 * has it ({@code scripts/eval_needle.py}), which takes it from Gemini 1.5.
 */
final class NeedleSuite implements Suite {
  private static final String HEAD = "You are a helpful assistant. USER: ";
  private static final String MANNERS =
      "Don't give information outside the document or repeat your findings. Keep your response"
          + " short and direct.";
  private static final String TAIL = " ASSISTANT: ";
  private static final List<String> CITIES =
      List.of(
          "Almaty",
          "Amman",
          "Amsterdam",
          "Antananarivo",
          "Athens",
          "Baghdad",
          "Bangkok",
          "Barcelona",
          "Beirut",
          "Belgrade",
          "Berlin",
          "Bratislava",
          "Brussels",
          "Bucharest",
          "Budapest",
          "Cairo",
          "Chicago",
          "Colombo",
          "Copenhagen",
          "Dakar",
          "Damascus",
          "Delhi",
          "Doha",
          "Dubai",
          "Helsinki",
          "Istanbul",
          "Jakarta",
          "Johannesburg",
          "Kampala",
          "Khartoum",
          "Kigali",
          "Lagos",
          "Lima",
          "Lisbon",
          "London",
          "Madrid",
          "Maputo",
          "Melbourne",
          "Moscow",
          "Mumbai",
          "Nairobi",
          "Oslo",
          "Paris",
          "Rabat",
          "Santiago",
          "Sarajevo",
          "Seattle",
          "Seoul",
          "Shanghai",
          "Sofia",
          "Sydney",
          "Tashkent",
          "Tokyo",
          "Toronto",
          "Tunis",
          "Vancouver",
          "Vienna",
          "Yangon",
          "Yerevan");

  private final Haystack haystack;
  private final boolean chats;
  private final List<OptionalInt> depths;
  private final long seed;

  /**
   * @param chats whether a template says who speaks; else LWM's words do
   */
  NeedleSuite(Haystack haystack, boolean chats, List<OptionalInt> depths, long seed) {
    this.haystack = haystack;
    this.chats = chats;
    this.depths = List.copyOf(depths);
    this.seed = seed;
  }

  @Override
  public List<OptionalInt> depths() {
    return depths;
  }

  @Override
  public Recipe recipe(Place place) {
    Seed draws = Seed.of(seed, "needle " + place.id());
    int start = Draw.below(haystack.words().size(), draws, 0);
    String city = CITIES.get(Draw.below(CITIES.size(), draws, 1));
    String number = new MagicNumbers(haystack, draws).next();
    return new Recipe(1, place.length(), words -> context(place, start, words, city, number));
  }

  static String needle(String city, String number) {
    return "The special magic " + city + " number is: " + number;
  }

  private Context context(Place place, int start, int words, String city, String number) {
    int end = start + words;
    double depth = place.depth().orElseThrow() / 100.0;
    int at = depth == 1 ? end : haystack.sentenceEnd(start, start + (int) (words * depth));
    String text =
        (chats ? "" : HEAD)
            + (haystack.text(start, at) + "\n" + needle(city, number) + "\n").stripLeading()
            + haystack.text(at, end);
    Question question =
        new Question(
            " What is the special magic " + city + " number? " + MANNERS + (chats ? "" : TAIL),
            "",
            List.of(number),
            100.0 * (at - start) / words);
    return new Context(place.id(), place.length(), place.depth(), text, List.of(question));
  }
}
