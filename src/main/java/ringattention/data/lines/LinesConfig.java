package ringattention.data.lines;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;

/**
 * Section {@code [lines]}: tasks of line retrieval.
 *
 * @param first lines of a task at the first level; 0: there is one level, tasks fill sequences
 * @param growth how many times as many lines a task has at the next level
 * @param questions of a task; 0: 4 a line, at least 8, at most 128
 * @param adjectives that keys are made of, the first of the list
 * @param nouns that keys are made of, the first of the list
 * @param lowest number of a line
 * @param highest number of a line
 * @param filler whether tasks of the first levels leave out words
 * @param fewNouns share of the tasks whose keys have few different nouns
 */
public record LinesConfig(
    int first,
    double growth,
    int questions,
    int adjectives,
    int nouns,
    int lowest,
    int highest,
    LineFiller filler,
    double fewNouns) {
  public static final Section<LinesConfig> SECTION = Section.of("lines", LinesConfig::read);

  private static final int LARGEST = 999_999_999; // a number is an int
  private static final Range WORDS = Range.between(1, LineVocabulary.WORDS);
  private static final Range GROWTH = new Range("above 1", value -> value > 1);
  private static final Range SHARE =
      new Range("at least 0, at most 1", value -> value >= 0 && value <= 1);

  static LinesConfig read(Table table) {
    int first = table.integer("first", Range.atLeast(0), Default.of(8));
    double growth = table.number("growth", GROWTH, Default.of(1.7));
    int questions = table.integer("questions", Range.atLeast(0), Default.of(0));
    int adjectives = table.integer("adjectives", WORDS, Default.of(LineVocabulary.WORDS));
    int nouns = table.integer("nouns", WORDS, Default.of(LineVocabulary.WORDS));
    List<Integer> numbers =
        table.integers("numbers", Range.between(0, LARGEST), Default.list(1, 50000));
    table.require(
        numbers.size() == 2 && numbers.get(0) < numbers.get(1),
        "numbers",
        "must be the lowest and the highest number, two numbers that rise");
    return new LinesConfig(
        first,
        growth,
        questions,
        adjectives,
        nouns,
        numbers.get(0),
        numbers.get(1),
        table.choice("filler", LineFiller.class, Default.of(LineFiller.GROWING)),
        table.number("fewNouns", SHARE, Default.of(0.5)));
  }

  /** Returns how many different keys there are. */
  int keys() {
    return adjectives * nouns;
  }

  /** Returns the most tokens that a line has. */
  int lineTokens() {
    return LineDraw.lineTokens(0, digits(highest));
  }

  /** Returns the most tokens that a question has, with its answer. */
  int questionTokens() {
    return LineDraw.QUESTION_TOKENS + lineTokens();
  }

  /** Returns how many digits a number is written with. */
  static int digits(int number) {
    return Integer.toString(number).length();
  }
}
