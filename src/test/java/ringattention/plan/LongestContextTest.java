package ringattention.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LongestContextTest {
  @Test
  void findsTheLongestOfEveryLimit() {
    LongestContext longest = new LongestContext(4, 1001);
    for (int limit = 0; limit < 1200; limit++) {
      int room = limit;
      int expected = Math.min(limit / 4 * 4, 1000);
      assertEquals(expected, longest.search(tokens -> tokens <= room), "limit " + limit);
    }
  }

  @Test
  void asksFewTimesAndOnlyForMultiplesInRange() {
    int most = Integer.MAX_VALUE - 1;
    AtomicInteger asked = new AtomicInteger();
    int found =
        new LongestContext(256, most)
            .search(
                tokens -> {
                  assertTrue(tokens > 0 && tokens <= most && tokens % 256 == 0, "asked " + tokens);
                  return asked.incrementAndGet() > 0;
                });
    assertEquals(most / 256 * 256, found);
    assertTrue(asked.get() < 60, asked + " questions");
  }
}
