package ringattention.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.InputException;

class CommandLineTest {
  private static OptionalLong cap(String... option) {
    String[] arguments = new String[option.length + 2];
    arguments[0] = "train";
    System.arraycopy(option, 0, arguments, 1, option.length);
    arguments[arguments.length - 1] = "x.toml";
    return CommandLine.parse(arguments).memoryCap();
  }

  @ParameterizedTest
  @CsvSource({
    "80GiB, 85899345920",
    "80gib, 85899345920",
    "80G, 85899345920",
    "80GB, 80000000000",
    "80 gb, 80000000000",
    "512MiB, 536870912",
    "0.5GiB, 536870912",
    "7.5MiB, 7864320",
    "1t, 1099511627776",
    "64k, 65536"
  })
  void readsAMemoryCap(String text, long bytes) {
    assertEquals(OptionalLong.of(bytes), cap("--memory-cap", text));
    assertEquals(OptionalLong.of(bytes), cap("--memory-cap=" + text));
  }

  private static LogLevel level(String options) {
    return CommandLine.parse(("train x.toml " + options).strip().split(" ")).logLevel();
  }

  @ParameterizedTest
  @CsvSource({
    "'', INFO",
    "--quiet, WARN",
    "--log-level error, ERROR",
    "--log-level=warn --quiet, WARN",
    "--log-level INFO, INFO",
    "--log-level=debug, DEBUG"
  })
  void levelsOfTheLog(String options, LogLevel level) {
    assertEquals(level, level(options));
    if (options.contains("level")) {
      assertEquals(Optional.of(level), LogLevel.asked(("train x.toml " + options).split(" ")));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--log-level loud | --log-level loud: must be error, warn, info, debug",
        "--log-level= | --log-level : must be error, warn, info, debug",
        "--quiet --log-level info | --quiet is --log-level warn, and --log-level info is another"
      })
  void otherLevelsAreRefused(String options, String message) {
    InputException error = assertThrows(InputException.class, () -> level(options));
    assertEquals("command line: " + message, error.getMessage());
    assertEquals(
        options.contains("info"), LogLevel.asked(options.split(" ")).isPresent(), "said later");
  }

  @Test
  void thereIsNoCapUnlessOneIsAskedFor() {
    assertEquals(OptionalLong.empty(), cap());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80",
        "80B",
        "80iB",
        "80Gi",
        "80X",
        "-1GiB",
        "0GiB",
        "GiB",
        "1e3GiB",
        "9999999999GiB"
      })
  void refusesOtherSizes(String text) {
    InputException error = assertThrows(InputException.class, () -> cap("--memory-cap=" + text));
    assertEquals(
        "command line: --memory-cap " + text + ": must be a size, for example 80GiB, 80GB or 512M",
        error.getMessage());
  }
}
