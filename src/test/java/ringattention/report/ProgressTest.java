package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {
  private static final long MEMORY = 12_992_276_070L;

  private final Locale before = Locale.getDefault();

  @AfterEach
  void restoreLocale() {
    Locale.setDefault(before);
  }

  private static StepRecord step(long step, double timeS) {
    return new StepRecord(step, 6.2145, 0.81, 3e-4, timeS, 322_700, Optional.empty());
  }

  @Test
  void shortRunWithKnownPeak() {
    Locale.setDefault(Locale.GERMANY); // writes 6,2145 unless told otherwise
    assertEquals(
        "step  10/100 | loss  6.2145 | norm  0.81 | lr 3.00e-04 |  212.4 ms |  322.7 ktok/s"
            + " | MFU 41.2% | mem 12.1 GiB",
        new Progress(100).line(step(10, 0.2124), OptionalDouble.of(0.412), MEMORY));
  }

  @Test
  void longRunShowsTheTimeLeft() {
    assertEquals(
        "step  10/100 | loss  6.2145 | norm  0.81 | lr 3.00e-04 |  888.9 ms |  322.7 ktok/s"
            + " | MFU 41.2% | mem 12.1 GiB | left 1m20s",
        new Progress(100).line(step(10, 0.8889), OptionalDouble.of(0.412), MEMORY));
  }

  @Test
  void withoutKnownPeakThereIsNoUtilization() {
    assertEquals(
        "step 1/2 | loss  6.2145 | norm  0.81 | lr 3.00e-04 |     1.5 s |  322.7 ktok/s"
            + " | mem 12.1 GiB",
        new Progress(2).line(step(1, 1.5), OptionalDouble.empty(), MEMORY));
  }

  @Test
  void firstStepDoesNotCountInThePace() {
    Progress progress = new Progress(101);
    assertTrue(progress.line(step(1, 100), OptionalDouble.empty(), 0).endsWith(" | left 2h46m"));
    assertTrue(progress.line(step(2, 1), OptionalDouble.empty(), 0).endsWith(" | left 1m39s"));
    assertTrue(progress.line(step(3, 3), OptionalDouble.empty(), 0).endsWith(" | left 3m16s"));
  }

  @Test
  void timeLeftStaysOnceShown() {
    Progress progress = new Progress(10);
    assertFalse(progress.line(step(1, 2.9), OptionalDouble.empty(), 0).contains("left"));
    assertTrue(progress.line(step(2, 3.1), OptionalDouble.empty(), 0).contains("left"));
    assertTrue(progress.line(step(3, 2.0), OptionalDouble.empty(), 0).contains("left"));
  }

  @ParameterizedTest
  @CsvSource({
    "6.2145, 0.81",
    "0.0001, 0",
    "12.5, 99.994",
    "99.99996, 99.996",
    "123.4, 123.4",
    "1e30, 1e30",
    "NaN, NaN",
    "Infinity, Infinity",
    "1, 0.0001",
    "1, 99999.6"
  })
  void fieldsKeepTheirPlaces(double loss, double norm) {
    StepRecord record = new StepRecord(7, loss, norm, 1e-5, 0.5, 100, Optional.empty());
    String line = new Progress(10).line(record, OptionalDouble.empty(), MEMORY);
    assertEquals(11, line.indexOf("| loss "), line);
    assertEquals(11 + 15, line.indexOf("| norm "), line);
  }
}
