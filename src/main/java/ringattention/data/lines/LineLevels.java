package ringattention.data.lines;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import ringattention.input.Source;

/**
 * The levels of line retrieval: how many lines and questions a task has at each, and how many words
 * it leaves out between key and number. At the last, one task fills a sequence and leaves out none.
 *
 * @param config of the tasks
 * @param sequence tokens of a sequence
 * @param levels from the first to the last
 */
public record LineLevels(LinesConfig config, int sequence, List<Level> levels) {
  /**
   * One level.
   *
   * @param lines of a task; at the last level, those that fit if every number is as long as numbers
   *     can be
   * @param leftOut words between key and number, from the front
   */
  record Level(int lines, int leftOut) {}

  private static final int PER_LINE = 4; // questions
  private static final int LEAST = 8;
  private static final int MOST = 128;

  public LineLevels {
    levels = List.copyOf(levels);
  }

  /**
   * Finds the levels of sequences of so many tokens.
   *
   * @throws ringattention.input.InputException naming the key if not even a line and its questions
   *     fit, if tasks of the first level fill a sequence, or if there are too few keys
   */
  public static LineLevels of(LinesConfig config, int sequence, Source source) {
    int most = most(config, sequence);
    if (most < 1) {
      String fit = "so that a line and its questions fit into train.sequence (" + sequence + ")";
      int room = (sequence - config.lineTokens()) / config.questionTokens();
      throw config.questions() > 0 && room > 0
          ? source.error("lines.questions", "must be at most " + room + ", " + fit)
          : source.error(
              "train.sequence",
              "must be at least "
                  + (config.lineTokens() + config.questionTokens())
                  + " with data.format = \"lines\": a line and a question");
    }
    if (config.keys() < most) {
      throw source.error(
          "lines.adjectives",
          "must give, with lines.nouns, a key to each of "
              + most
              + " lines that fill train.sequence ("
              + sequence
              + "), gives "
              + config.keys());
    }
    if (config.first() >= most) {
      throw source.error(
          "lines.first",
          "must be below " + most + ", the lines that fill train.sequence (" + sequence + ")");
    }
    List<Level> levels = new ArrayList<>();
    if (config.first() > 0 && config.filler() == LineFiller.GROWING) {
      for (int leftOut = LineVocabulary.FILLERS; leftOut > 0; leftOut--) {
        levels.add(new Level(config.first(), leftOut));
      }
    }
    for (long next = config.first(); next > 0 && next < most; ) {
      levels.add(new Level((int) next, 0));
      next = Math.max(next + 1, Math.round(next * config.growth()));
    }
    levels.add(new Level(most, 0));
    return new LineLevels(config, sequence, levels);
  }

  /** Returns the lines of a task that fills a sequence. */
  private static int most(LinesConfig config, int sequence) {
    int lines = sequence / config.lineTokens();
    while (lines > 0 && tokens(config, sequence, lines) > sequence) {
      lines--;
    }
    return lines;
  }

  private static long tokens(LinesConfig config, int sequence, int lines) {
    return (long) lines * config.lineTokens()
        + (long) questions(config, sequence, lines) * config.questionTokens();
  }

  private static int questions(LinesConfig config, int sequence, int lines) {
    if (config.questions() > 0) {
      return config.questions();
    }
    int half = sequence / 2 / config.questionTokens(); // the lines keep the other half
    return Math.max(1, Math.min(half, Math.min(MOST, Math.max(LEAST, PER_LINE * lines))));
  }

  /** Returns how many levels there are. */
  public int count() {
    return levels.size();
  }

  /** Returns whether one task fills a sequence at a level. */
  public boolean fills(int level) {
    return level == count() - 1;
  }

  /** Returns the lines of a task at a level; at the last, the least it has. */
  public int lines(int level) {
    return levels.get(level).lines();
  }

  /**
   * Returns how many words a task leaves out at a level, between key and number, from the front.
   */
  public int leftOut(int level) {
    return levels.get(level).leftOut();
  }

  /** Returns the questions of a task at a level; at the last, the least it has. */
  public int questions(int level) {
    return questions(config, sequence, lines(level));
  }

  /** Returns the levels for the log, for example {@code 4 (4 words left out), 4, 7, 9}. */
  public String text() {
    return levels.stream()
        .map(
            level ->
                level.lines()
                    + (level.leftOut() == 0 ? "" : " (" + level.leftOut() + " words left out)"))
        .collect(Collectors.joining(", "));
  }
}
