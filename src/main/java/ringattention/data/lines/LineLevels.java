package ringattention.data.lines;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import ringattention.input.Source;

/**
 * The levels of line retrieval: how many lines and questions a task has at each. At the last, one
 * task fills a sequence.
 *
 * @param config of the tasks
 * @param sequence tokens of a sequence
 * @param lines of a task at every level; at the last, those that fit if every number is as long as
 *     numbers can be
 */
public record LineLevels(LinesConfig config, int sequence, List<Integer> lines) {
  private static final int PER_LINE = 4; // questions
  private static final int LEAST = 8;
  private static final int MOST = 128;

  public LineLevels {
    lines = List.copyOf(lines);
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
    List<Integer> lines = new ArrayList<>();
    for (long next = config.first(); next > 0 && next < most; ) {
      lines.add((int) next);
      next = Math.max(next + 1, Math.round(next * config.growth()));
    }
    lines.add(most);
    return new LineLevels(config, sequence, lines);
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
    return lines.size();
  }

  /** Returns whether one task fills a sequence at a level. */
  public boolean fills(int level) {
    return level == count() - 1;
  }

  /** Returns whether tasks of a level leave out words between key and number. */
  public boolean leavesOut(int level) {
    return config.filler() == LineFiller.RANDOM && level == 0 && count() > 1;
  }

  /** Returns the questions of a task at a level; at the last, the least it has. */
  public int questions(int level) {
    return questions(config, sequence, lines.get(level));
  }

  /** Returns the lines of a task by level, for the log. */
  public String text() {
    return lines.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
