package ringattention.evaluate.suite;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** How an answer is judged. It is given the new text alone, never the prompt. */
enum Scoring {
  /**
   * The last group of digits, as an integer, is the expected number; as LongEval does (LongChat,
   * {@code longeval/utils.py}).
   */
  LAST_NUMBER {
    @Override
    double score(String answer, List<String> expected) {
      List<String> numbers = numbers(answer);
      return !numbers.isEmpty()
              && integer(numbers.get(numbers.size() - 1)).equals(integer(expected.get(0)))
          ? 1
          : 0;
    }
  },

  /**
   * One of the groups of digits is the expected number. LWM ({@code scripts/eval_needle.py}) looks
   * for it as a part of the text, which a longer number could hold.
   */
  HELD_NUMBER {
    @Override
    double score(String answer, List<String> expected) {
      return numbers(answer).contains(expected.get(0)) ? 1 : 0;
    }
  },

  /**
   * The share of the expected values that the answer holds as a part of its text, whatever the
   * case; as RULER does ({@code string_match_all}).
   */
  SHARE_FOUND {
    @Override
    double score(String answer, List<String> expected) {
      String text = answer.toLowerCase(Locale.ROOT);
      long found =
          expected.stream().filter(value -> text.contains(value.toLowerCase(Locale.ROOT))).count();
      return (double) found / expected.size();
    }
  };

  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  /**
   * Returns how much of the answer is right, from 0 to 1.
   *
   * @param answer the new text
   * @param expected at least one value
   */
  abstract double score(String answer, List<String> expected);

  private static List<String> numbers(String text) {
    return DIGITS.matcher(text).results().map(MatchResult::group).toList();
  }

  private static BigInteger integer(String digits) {
    return new BigInteger(digits);
  }
}
