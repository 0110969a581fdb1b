package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringattention.report.RunLog;

/** What takes long is spoken of, what does not is not. */
class DoingTest {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final RunLog log = new RunLog(lines::add, line -> {});

  @Test
  @Timeout(60)
  void whatTakesLongIsSaidAndHowLong() throws InterruptedException {
    try (Doing doing = new Doing(log, "counting", 0.01)) {
      while (lines.isEmpty()) {
        Thread.sleep(1);
      }
      assertEquals(List.of("counting ..."), lines);
    }
    assertEquals(2, lines.size());
    assertTrue(lines.get(1).matches("counting took \\d+s"), lines.toString());
  }

  @Test
  void whatDoesNotIsNot() throws InterruptedException {
    try (Doing doing = new Doing(log, "counting", 0.3)) {
      assertEquals(List.of(), lines);
    }
    Thread.sleep(500);
    assertEquals(List.of(), lines);
  }
}
