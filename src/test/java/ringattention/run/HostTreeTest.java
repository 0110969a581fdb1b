package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HostTreeTest {
  @Test
  void oneRankOfEachHostHearsOfRankZero() {
    HostTree tree = new HostTree(List.of("a", "b", "a", "b", "c"));
    assertTrue(tree.branches());
    assertEquals(
        List.of(-1, 0, 0, 1, 0), IntStream.range(0, 5).mapToObj(tree::above).toList(), "above");
    assertEquals(List.of(1, 2, 4), tree.below(0));
    assertEquals(List.of(3), tree.below(1));
    assertEquals(List.of(), tree.below(4));
  }

  @Test
  void nobodyIsNeededOnOneHost() {
    assertFalse(new HostTree(List.of("a", "a")).branches());
  }

  @Test
  void aboveAndBelowAgree() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> hosts = IntStream.range(0, 50).mapToObj(i -> "h" + random.nextInt(9)).toList();
    HostTree tree = new HostTree(hosts);
    for (int rank = 0; rank < hosts.size(); rank++) {
      int above = rank;
      assertEquals(
          IntStream.range(0, 50).filter(other -> tree.above(other) == above).boxed().toList(),
          tree.below(rank),
          "seed " + seed + ", rank " + rank);
    }
  }
}
