package ringattention.data.lines;

import java.util.List;

/**
 * One task of line retrieval as text: lines with a key and a number each, then questions.
 *
 * @param context the lines, {@code line brave-castle: REGISTER_CONTENT is <12345>} and a newline
 *     each
 * @param questions about lines of the context, maybe several about the same
 */
public record LineTask(String context, List<Question> questions) {
  /**
   * One question; its answer restates the line, so that a model that copies can answer.
   *
   * @param prompt what stands before the number: the question and the restated line up to {@code <}
   * @param answer the number and {@code >}, which ends it: what a model learns
   * @param number that is asked for
   * @param line of the context that holds it, from 0
   */
  public record Question(String prompt, String answer, int number, int line) {}

  public LineTask {
    questions = List.copyOf(questions);
  }

  /** Returns the whole text, as a model learns from it: every answer followed by a newline. */
  public String text() {
    StringBuilder text = new StringBuilder(context);
    for (Question question : questions) {
      text.append(question.prompt).append(question.answer).append('\n');
    }
    return text.toString();
  }
}
