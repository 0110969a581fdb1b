package ringattention.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
