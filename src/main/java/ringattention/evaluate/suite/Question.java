package ringattention.evaluate.suite;

import java.util.List;

/**
 * What is asked about a context.
 *
 * @param text behind the context
 * @param begun what the answer is begun with, so that the model only goes on; may be empty
 * @param expected the values of a right answer, at least one
 * @param depth percent of the context before the first of them
 */
record Question(String text, String begun, List<String> expected, double depth) {
  Question {
    expected = List.copyOf(expected);
    if (expected.isEmpty()) {
      throw new IllegalArgumentException("nothing is expected of " + text);
    }
  }
}
