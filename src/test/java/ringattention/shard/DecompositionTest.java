package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecompositionTest {
  @Test
  void ranksOfARingAreNeighbours() {
    Decomposition decomposition = new Decomposition(6, 3);
    assertEquals(2, decomposition.replicas());
    assertEquals(
        List.of(0, 0, 0, 1, 1, 1),
        IntStream.range(0, 6).map(decomposition::replica).boxed().toList());
    assertEquals(
        List.of(0, 1, 2, 0, 1, 2),
        IntStream.range(0, 6).map(decomposition::ringRank).boxed().toList());
  }

  @Test
  void oneRankIsARing() {
    assertEquals(1, new Decomposition(1, 1).replicas());
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 0", "-2, -1", "6, 4", "2, 4"})
  void ringsThatDoNotMakeUpTheWorldAreRefused(int world, int ring) {
    assertThrows(IllegalArgumentException.class, () -> new Decomposition(world, ring));
  }
}
