package ringattention.evaluate.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as right: of 52431, or of the two values 52431 and 7654321. */
class ScoringTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "The number is 52431.                       | 1 | 1 | 0.5",
        "<52431>                                    | 1 | 1 | 0.5",
        "line 7: no, 52431                          | 1 | 1 | 0.5",
        "052431                                     | 1 | 0 | 0.5", // an integer, and a part
        "152431                                     | 0 | 0 | 0.5", // RULER's rule, as it is
        "52 431                                     | 0 | 0 | 0",
        "52,431                                     | 0 | 0 | 0",
        "not 52431 but 1                            | 0 | 1 | 0.5",
        "7654321 and 52431                          | 1 | 1 | 1",
        "52431, 7654321                             | 0 | 1 | 1",
        "99999999999999999999999952431              | 0 | 0 | 0.5",
        "I do not know                              | 0 | 0 | 0",
        "''                                         | 0 | 0 | 0"
      })
  void table(String answer, double last, double held, double share) {
    List<String> one = List.of("52431");
    assertEquals(last, Scoring.LAST_NUMBER.score(answer, one));
    assertEquals(held, Scoring.HELD_NUMBER.score(answer, one));
    assertEquals(share, Scoring.SHARE_FOUND.score(answer, List.of("52431", "7654321")));
  }

  @Test
  void shareIgnoresCase() {
    assertEquals(1, Scoring.SHARE_FOUND.score("It is BRAVE-Otter.", List.of("brave-OTTER")));
  }

  /** Values of two other programs' functions for the interval. */
  @ParameterizedTest
  @CsvSource({
    "46, 50, 0.8116, 0.9685",
    "0, 10, 0, 0.2775",
    "10, 10, 0.7225, 1",
    "1, 2, 0.0945, 0.9055",
    "500, 1000, 0.4691, 0.5309"
  })
  void intervals(double correct, int cases, double low, double high) {
    Wilson interval = Wilson.of(correct, cases);
    assertEquals(low, interval.low(), 5e-5);
    assertEquals(high, interval.high(), 5e-5);
  }
}
