package ringattention.bench.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether a machine was quiet: by the kernel's word first, by repeats that scatter second. */
class CalmTest {
  @ParameterizedTest
  @CsvSource({
    "0, 1, quiet",
    "0.05, 1.4, quiet",
    "0.01, 9, quiet", // of itself, not of others: a wrong result is to be seen
    "0.05, 1.6, busy",
    "0.11, 1, busy",
    "1, 1, busy",
    "NaN, 1.9, quiet",
    "NaN, 2.1, busy",
  })
  void isDisturbed(double waited, double scatter, String machine) {
    assertEquals(machine.equals("busy"), new Calm(waited, scatter).disturbance().isPresent());
  }

  @Test
  void theWorstOfAllCounts() {
    assertEquals(new Calm(0.3, 4), new Calm(0.3, 1).and(new Calm(0.1, 4)));
    assertTrue(Double.isNaN(new Calm(0.3, 1).and(new Calm(Double.NaN, 1)).waited()));
  }

  @Test
  void timesOfAllThreadsAreSummed(@TempDir Path tasks) throws IOException {
    for (String thread : new String[] {"1", "2", "ended"}) {
      Files.createDirectories(tasks.resolve(thread));
    }
    Files.writeString(tasks.resolve("1/schedstat"), "2000000000 500000000 7\n");
    Files.writeString(tasks.resolve("2/schedstat"), "1000000000 250000000 3\n");
    CoreTime now = CoreTime.of(tasks);
    assertEquals(new CoreTime(3, 0.75), now);
    assertEquals(0.2, now.waitedSince(new CoreTime(1, 0.25)), 1e-12);
    assertEquals(0, now.waitedSince(now));
  }

  @Test
  void whatIsNotKnownIsNoNumber(@TempDir Path tasks) {
    assertTrue(Double.isNaN(CoreTime.of(tasks).waitedS()));
    assertTrue(Double.isNaN(CoreTime.of(tasks.resolve("absent")).waitedS()));
    CoreTime unknown = CoreTime.of(tasks);
    assertTrue(Double.isNaN(unknown.waitedSince(unknown)));
  }
}
