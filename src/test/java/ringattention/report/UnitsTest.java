package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({
    "0.8124, 812.4 ms",
    "0.99996, 1.0 s", // would round to 1000.0 ms
    "12.34, 12.3 s",
    "3600, 3600.0 s",
    "4.2e-8, 42.0 ns",
    "1.5e-5, 15.0 us",
    "0, 0.0 ns",
    "NaN, NaN ns"
  })
  void time(double seconds, String expected) {
    assertEquals(expected, Units.time(seconds));
  }

  @ParameterizedTest
  @CsvSource({
    "322700, 322.7 ktok/s",
    "999.94, 999.9 tok/s",
    "999.96, 1.0 ktok/s",
    "3.2e7, 32.0 Mtok/s"
  })
  void rate(double perSecond, String expected) {
    assertEquals(expected, Units.scaled(perSecond, "tok/s"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.00 KiB",
    "12992276070, 12.1 GiB",
    "107374182400, 100 GiB",
    "1072693248, 1023 MiB",
    "1073741823, 1.00 GiB", // would round to 1024 MiB
    "10480000, 9.99 MiB",
    "10485000, 10.0 MiB"
  })
  void bytes(long bytes, String expected) {
    assertEquals(expected, Units.bytes(bytes));
  }

  @ParameterizedTest
  @CsvSource({
    "0.4, 0s",
    "45, 45s",
    "59.6, 1m00s",
    "80, 1m20s",
    "3599.6, 1h00m",
    "7500, 2h05m",
    "273600, 3d04h"
  })
  void duration(double seconds, String expected) {
    assertEquals(expected, Units.duration(seconds));
  }
}
