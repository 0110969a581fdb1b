package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CoverageTest {
  private final Coverage coverage = new Coverage();

  @Test
  void theFirstToWriteARowIsTold() {
    assertTrue(coverage.markWritten(4, 8));
    assertFalse(coverage.markWritten(4, 8));
    assertFalse(coverage.markWritten(5, 7));
    assertTrue(coverage.markWritten(0, 4));
    assertFalse(coverage.markWritten(2, 6)); // over both
  }

  @Test
  void halfWrittenRangesAreRefused() {
    coverage.markWritten(4, 8);
    assertThrows(IllegalStateException.class, () -> coverage.markWritten(3, 5));
    assertThrows(IllegalStateException.class, () -> coverage.markWritten(7, 9));
  }

  @Test
  void gapsAreWhatNobodyWrote() {
    coverage.markWritten(2, 4);
    coverage.markWritten(6, 7);
    assertEquals(
        List.of(new Coverage.Span(0, 2), new Coverage.Span(4, 6), new Coverage.Span(7, 9)),
        coverage.gaps(0, 9));
    assertEquals(List.of(), coverage.gaps(2, 4));
  }

  @Test
  void neighboursHaveNoGapBetweenThem() {
    coverage.markWritten(2, 4);
    coverage.markWritten(4, 6);
    assertEquals(List.of(new Coverage.Span(0, 2), new Coverage.Span(6, 9)), coverage.gaps(0, 9));
  }

  @Test
  void noRowsAreAlwaysWritten() {
    assertFalse(coverage.markWritten(3, 3));
  }
}
