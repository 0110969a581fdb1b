package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.metrics.LossUnit;
import ringattention.metrics.TextUnit;
import ringattention.model.Answers;
import ringattention.model.LossByPosition;

/** What the log says of a held-out loss. */
class ValidationTest {
  private static final List<LossByPosition.Bucket> BUCKETS =
      List.of(new LossByPosition.Bucket(0, 1, 8, 4, 6, 0));

  @Test
  void exactAnswersAreSaidWhereThereAreQuestions() {
    assertEquals(
        "held-out loss after step 7: 0.5000, accuracy 75.00%, exact 0.3333, 8 labels",
        Validation.line(
            7, new LossByPosition(BUCKETS, false, Optional.of(new Answers(3, 1, 8, 6)))));
    assertEquals(
        "held-out loss after step 7: 0.5000, accuracy 75.00%, 8 labels",
        Validation.line(7, new LossByPosition(BUCKETS, false, Optional.empty())));
  }

  /** Nothing is hit exactly, and a squared error is no logarithm of a probability. */
  @Test
  void aSquaredErrorHasNoAccuracy() {
    assertEquals(
        "held-out loss after step 7: 0.5000 squared error, 8 labels",
        Validation.line(
            7,
            new LossByPosition(
                BUCKETS,
                false,
                Optional.empty(),
                List.of(),
                LossUnit.SQUARED_ERROR,
                TextUnit.BYTE)));
  }
}
