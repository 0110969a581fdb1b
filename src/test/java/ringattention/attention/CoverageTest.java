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
    assertTrue(coverage.isFirst(4, 8));
    assertFalse(coverage.isFirst(4, 8));
    assertFalse(coverage.isFirst(5, 7));
    assertTrue(coverage.isFirst(0, 4));
    assertFalse(coverage.isFirst(2, 6)); // over both
  }

  @Test
  void halfWrittenRangesAreRefused() {
    coverage.isFirst(4, 8);
    assertThrows(IllegalStateException.class, () -> coverage.isFirst(3, 5));
    assertThrows(IllegalStateException.class, () -> coverage.isFirst(7, 9));
  }

  @Test
  void gapsAreWhatNobodyWrote() {
    coverage.isFirst(2, 4);
    coverage.isFirst(6, 7);
    assertEquals(
        List.of(new Coverage.Span(0, 2), new Coverage.Span(4, 6), new Coverage.Span(7, 9)),
        coverage.gaps(0, 9));
    assertEquals(List.of(), coverage.gaps(2, 4));
  }

  @Test
  void neighboursHaveNoGapBetweenThem() {
    coverage.isFirst(2, 4);
    coverage.isFirst(4, 6);
    assertEquals(List.of(new Coverage.Span(0, 2), new Coverage.Span(6, 9)), coverage.gaps(0, 9));
  }

  @Test
  void noRowsAreAlwaysWritten() {
    assertFalse(coverage.isFirst(3, 3));
  }
}
