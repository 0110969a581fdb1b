package ringattention.evaluate.suite;

import java.util.function.UnaryOperator;
import ringattention.data.lines.LineVocabulary;

/**
 * The words around lines and keys.
 *
 * @param head before the first line
 * @param end behind the last line, ends a line
 * @param asks makes the question for a key
 * @param restates whether an answer is begun with the line up to its number
 */
record LineWording(String head, String end, UnaryOperator<String> asks, boolean restates) {
  /** LongEval's (LongChat, {@code longeval/evaluation/lines/testcases}). */
  static final LineWording LONGEVAL =
      new LineWording(
          "Below is a record of lines I want you to remember. Each line begins with 'line <line"
              + " index>' and contains a '<REGISTER_CONTENT>' at the end of the line as a numerical"
              + " value. For each line index, memorize its corresponding <REGISTER_CONTENT>. At the"
              + " end of the record, I will ask you to retrieve the corresponding"
              + " <REGISTER_CONTENT> of a certain line index. Now the record start:\n\n",
          "\n",
          key ->
              "Now the record is over. Tell me what is the <REGISTER_CONTENT> in line "
                  + key
                  + "? I need the number. ",
          false);

  /** That of models which are trained on nothing but lines, and in those on the numbers only. */
  static final LineWording TRAINED = new LineWording("", "", LineVocabulary::question, true);

  /** Returns a line with its end. */
  String line(String key, int number) {
    return LineVocabulary.line(key) + number + LineVocabulary.lineEnd();
  }

  String question(String key) {
    return asks.apply(key);
  }

  /** Returns what an answer is begun with. */
  String begun(String key) {
    return restates ? LineVocabulary.line(key) : "";
  }
}
