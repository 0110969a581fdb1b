package ringattention.data.lines;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One task of line retrieval as text, read back from what a sequence has of it.
 *
 * @param context the lines, with a newline each
 * @param questions about lines of the context
 */
public record LineTask(String context, List<Question> questions) {
  private static final int NONE = -1;

  /**
   * One question with its answer.
   *
   * @param prompt what stands before the number: the question and the restated line up to {@code <}
   * @param answer what is to be learned: the number and {@code >}
   * @param number that is asked for
   * @param line of the context that holds it, from 0
   */
  public record Question(String prompt, String answer, int number, int line) {}

  /** Reads a task: labels say where answers are. */
  public static LineTask of(LineDraw draw) {
    int[] tokens = new int[draw.size()];
    int[] labels = new int[draw.size()];
    draw.put(tokens, labels, 0, NONE);
    int at = 0;
    while (at < tokens.length && tokens[at] != LineVocabulary.QUESTION) {
      at++;
    }
    String context = text(tokens, 0, at);
    List<String> lines = Arrays.asList(context.split("\n"));
    List<Question> questions = new ArrayList<>();
    while (at < tokens.length) {
      int number = at;
      while (labels[number - 1] == NONE) {
        number++;
      }
      int end = number;
      while (labels[end - 1] != NONE) {
        end++;
      }
      String prompt = text(tokens, at, number);
      String answer = text(tokens, number, end);
      String line = (prompt + answer).substring(prompt.indexOf("line "));
      int digits = Integer.parseInt(answer.substring(0, answer.indexOf('>')));
      questions.add(new Question(prompt, answer, digits, lines.indexOf(line)));
      at = end + 1; // a newline
    }
    return new LineTask(context, questions);
  }

  /** Returns the whole text: every answer followed by a newline. */
  public String text() {
    StringBuilder text = new StringBuilder(context);
    for (Question question : questions) {
      text.append(question.prompt).append(question.answer).append('\n');
    }
    return text.toString();
  }

  private static String text(int[] tokens, int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append(LineVocabulary.texts().get(tokens[i]));
    }
    return text.toString();
  }
}
