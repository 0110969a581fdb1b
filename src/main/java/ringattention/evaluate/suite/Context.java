package ringattention.evaluate.suite;

import java.util.List;
import java.util.OptionalInt;

/**
 * A text that questions are asked about.
 *
 * @param id names it in results
 * @param length tokens that context, question and answer are to have; of a file its lines
 * @param depth percent, where a suite tries several
 * @param text ends a line if there are several questions, which share its prefill
 */
record Context(String id, int length, OptionalInt depth, String text, List<Question> questions) {
  Context {
    questions = List.copyOf(questions);
    if (questions.isEmpty() || questions.size() > 1 && !text.endsWith("\n")) {
      throw new IllegalArgumentException(
          "context " + id + " for " + questions.size() + " questions");
    }
  }
}
