package ringattention.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.random.Seed;

class NormalNumbersTest {
  private static final int COUNT = 100_000;

  /** The formula stands twice in Java: checkpoints and loss curves rely on these bits. */
  @Test
  void areMadeOfTheSeedsUniformNumbers() {
    Seed seed = Seed.of(-3, "weights");
    for (long index = 0; index < COUNT; index++) {
      long i = index * 0x1234567891L;
      double radius = Math.sqrt(-2 * StrictMath.log(seed.uniform(2 * i)));
      double normal = radius * StrictMath.cos(2 * Math.PI * seed.uniform(2 * i + 1));
      assertEquals(normal, NormalNumbers.at(seed.stream(), i));
    }
  }

  /** Mean 0 +- 4/sqrt(n), variance 1 +- 4 sqrt(2/n). */
  @Test
  void areNormal() {
    double[] numbers = IntStream.range(0, COUNT).mapToDouble(i -> NormalNumbers.at(5, i)).toArray();
    double mean = IntStream.range(0, COUNT).mapToDouble(i -> numbers[i]).average().orElseThrow();
    double square =
        IntStream.range(0, COUNT).mapToDouble(i -> numbers[i] * numbers[i]).average().orElseThrow();
    assertEquals(0, mean, 4 / Math.sqrt(COUNT));
    assertEquals(1, square, 4 * Math.sqrt(2.0 / COUNT));
  }
}
