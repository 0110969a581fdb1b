package ringattention.data.lines;

import ringattention.random.Seed;

/**
 * Tasks of line retrieval. Each is a function of the seed, the name of a stream and its index:
 * streams have nothing in common.
 */
public final class LineTasks {
  private final LinesConfig config;
  private final Seed seed;

  /**
   * @param stream what the tasks are for, e.g. {@code training}
   */
  public LineTasks(LinesConfig config, long seed, String stream) {
    this.config = config;
    this.seed = Seed.of(seed, "lines for " + stream);
  }

  /**
   * Draws a task of so many lines and questions.
   *
   * @param leftOut words between key and number that are left out, from the front
   * @throws IllegalArgumentException if there are fewer keys than lines
   */
  public LineDraw draw(int lines, int questions, int leftOut, long index) {
    if (lines < 1 || lines > config.keys()) {
      throw new IllegalArgumentException(lines + " lines of " + config.keys() + " keys");
    }
    return LineDraw.of(config, seed.bits(index), lines, questions, leftOut);
  }

  /**
   * Draws a task with as many lines as fit into so many tokens beside the questions.
   *
   * @param tokens of context and questions, as {@link LineVocabulary} counts them
   * @param questions at least; more where there is room left
   * @throws IllegalArgumentException if there is no room for a line
   */
  public LineDraw filled(int tokens, int questions, long index) {
    if (tokens - (long) questions * config.questionTokens() < config.lineTokens()) {
      throw new IllegalArgumentException(questions + " questions in " + tokens + " tokens");
    }
    return LineDraw.filling(config, seed.bits(index), tokens, questions);
  }
}
