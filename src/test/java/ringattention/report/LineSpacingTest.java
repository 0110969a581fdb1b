package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LineSpacingTest {
  /** Lines of a run of so many seconds with a step every two. */
  private static long[] lines(double leastS, int seconds) {
    LineSpacing spacing = new LineSpacing(leastS);
    return IntStream.rangeClosed(1, seconds / 2)
        .map(step -> 2 * step)
        .filter(elapsed -> spacing.due(elapsed, seconds))
        .asLongStream()
        .toArray();
  }

  @Test
  void aRunOfHoursPrintsOneLineAMinuteAfterItsFirst() {
    long[] lines = lines(60, 7200);
    assertEquals(30 + 119, lines.length);
    for (int i = 0; i < lines.length; i++) {
      assertEquals(i < 30 ? 2 * (i + 1) : 60 * (i - 28), lines[i]);
    }
  }

  @Test
  void aRunOfMinutesPrintsAllLines() {
    assertEquals(300, lines(60, 600).length);
    assertEquals(30 + 9, lines(60, 602).length);
  }

  @Test
  void zeroIsNoLimit() {
    assertEquals(3600, lines(0, 7200).length);
  }

  /** Steps of 45 seconds: the second after each line is due, never two within a minute. */
  @Test
  void linesAreNotNearerThanAsked() {
    LineSpacing spacing = new LineSpacing(60);
    long[] due =
        IntStream.rangeClosed(1, 8)
            .map(step -> 45 * step)
            .filter(elapsed -> spacing.due(elapsed, 7200))
            .asLongStream()
            .toArray();
    assertEquals(Arrays.toString(new long[] {45, 135, 225, 315}), Arrays.toString(due));
  }
}
