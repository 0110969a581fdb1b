package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sun.misc.Signal;

/** A job script that asks for a checkpoint, and a scheduler whose time is up, are heard. */
class StopRequestsTest {
  private final List<String> said = Collections.synchronizedList(new ArrayList<>());

  private StopRequests requests(OptionalDouble minutes) {
    return new StopRequests(minutes, said::add);
  }

  /** Signals come in another thread. */
  private static void await(BooleanSupplier heard) throws InterruptedException {
    for (int i = 0; i < 2000 && !heard.getAsBoolean(); i++) {
      Thread.sleep(1);
    }
  }

  /** The first counts: what it began is not turned into something else. */
  @ParameterizedTest
  @CsvSource({"USR1, TERM, SIGTERM", "TERM, USR1, SIGUSR1", "TERM, TERM, SIGTERM"})
  void theFirstSignalCountsAndTheNextIsSaid(Stop first, Stop second, String title)
      throws InterruptedException {
    StopRequests requests = requests(OptionalDouble.empty());
    assertEquals(Stop.NONE, requests.get());
    Signal.raise(new Signal(first.name()));
    await(() -> requests.get() != Stop.NONE);
    assertEquals(first, requests.get());
    assertEquals(List.of(), said);
    Signal.raise(new Signal(second.name()));
    await(() -> !said.isEmpty());
    assertEquals(List.of(title + ": ignored, the run is to stop after this step already"), said);
    assertEquals(first, requests.get());
  }

  /** What a user reads in the log and in the summary. */
  @Test
  void titlesAreWhatAUserCallsThem() {
    assertEquals("--max-minutes", Stop.TIME.title());
    assertEquals("SIGUSR1", Stop.USR1.title());
    assertEquals("SIGTERM", Stop.TERM.title());
  }

  /** Minutes count from the start of the process: a slow start must not cost the checkpoint. */
  @Test
  void timeCountsFromTheStartOfTheProcess() {
    Instant start = ProcessHandle.current().info().startInstant().orElseThrow();
    double minutes = Duration.between(start, Instant.now()).toMillis() / 60e3;
    assertEquals(Stop.TIME, requests(OptionalDouble.of(minutes / 2)).get());
    assertEquals(Stop.NONE, requests(OptionalDouble.of(minutes + 1)).get());
    assertEquals(Stop.NONE, requests(OptionalDouble.empty()).get());
  }

  @Test
  void aSignalIsWeightierThanTime() throws InterruptedException {
    StopRequests requests = requests(OptionalDouble.of(1e-9));
    assertEquals(Stop.TIME, requests.get());
    Signal.raise(new Signal("TERM"));
    await(() -> requests.get() != Stop.TIME);
    assertEquals(Stop.TERM, requests.get());
  }
}
