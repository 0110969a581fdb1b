package ringattention.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SeedTest {
  private static final int COUNT = 100_000;

  /** Mean 0 +- 4/sqrt(n), variance 1 +- 4 sqrt(2/n), neighbours uncorrelated. */
  private static void assertStandard(IntToDoubleFunction numbers) {
    double mean = IntStream.range(0, COUNT).mapToDouble(numbers).average().orElseThrow();
    double square =
        IntStream.range(0, COUNT)
            .mapToDouble(i -> numbers.applyAsDouble(i) * numbers.applyAsDouble(i))
            .average()
            .orElseThrow();
    double neighbours =
        IntStream.range(0, COUNT)
            .mapToDouble(i -> numbers.applyAsDouble(i) * numbers.applyAsDouble(i + 1))
            .average()
            .orElseThrow();
    assertEquals(0, mean, 4 / Math.sqrt(COUNT));
    assertEquals(1, square, 4 * Math.sqrt(2.0 / COUNT));
    assertEquals(0, neighbours, 4 / Math.sqrt(COUNT));
  }

  @Test
  void distributions() {
    Seed seed = Seed.of(1, "numbers");
    assertStandard(seed::bell);
    assertStandard(i -> (seed.uniform(i) - 0.5) * Math.sqrt(12));
  }

  /** Checkpoints and loss curves rely on these bits. */
  @Test
  void bitsArePinned() {
    assertEquals(Seed.of(1, "a").bits(5), Seed.of(1, "a").bits(5));
    assertNotEquals(Seed.of(1, "a").bits(5), Seed.of(1, "b").bits(5));
    assertNotEquals(Seed.of(1, "a").bits(5), Seed.of(2, "a").bits(5));
    assertEquals(0x12EA36C2A7765A04L, Seed.of(1, "sequences").bits(0));
  }
}
