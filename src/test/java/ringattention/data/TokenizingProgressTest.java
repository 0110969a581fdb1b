package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizingProgressTest {
  private final List<String> lines = new ArrayList<>();
  private long now = 7;

  private void seconds(double more) {
    now += (long) (more * 1e9);
  }

  @Test
  void saysRateShareAndTimeLeft() {
    TokenizingProgress progress = new TokenizingProgress(4_000_000_000L, () -> now, lines::add);
    seconds(1.9);
    progress.read(1_000_000);
    assertEquals(List.of(), lines);
    seconds(0.6);
    progress.read(99_000_000);
    assertEquals(List.of("tokenizing: 2.5% of 4.0 GB in 3 s, 40.0 MB/s, 98 s left"), lines);
    seconds(4);
    progress.read(1); // too soon for another line
    assertEquals(1, lines.size());
    seconds(3.5);
    progress.read(99_999_999);
    assertEquals("tokenizing: 5.0% of 4.0 GB in 10 s, 20.0 MB/s, 3 min left", lines.get(1));
    seconds(190);
    progress.read(5_000_000_000L); // a file that was begun twice
    assertEquals("tokenizing: 100.0% of 4.0 GB in 3 min, 20.0 MB/s, 0 s left", lines.get(2));
    progress.finish(900_000_000);
    assertEquals("tokenized 4.0 GB in 3 min: 20.0 MB/s, 4500.0 ktokens/s", lines.get(3));
  }

  @Test
  void whatIsDoneSoonIsNotSpokenOf() {
    TokenizingProgress progress = new TokenizingProgress(100, () -> now, lines::add);
    seconds(1);
    progress.read(100);
    progress.finish(20);
    assertEquals(List.of(), lines);
  }
}
