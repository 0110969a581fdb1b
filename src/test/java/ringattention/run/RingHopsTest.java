package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.shard.Mesh;

class RingHopsTest {
  @Test
  void oneHopLeavesEachHost() {
    assertEquals(
        "2 of 4 hops: rank 1 to 2, rank 3 to 0",
        new RingHops(Mesh.of(4, 4), List.of("a", "a", "b", "b")).text());
  }

  @Test
  void ringsThatFitAHostStayInIt() {
    assertEquals("0 of 4 hops", new RingHops(Mesh.of(4, 2), List.of("a", "a", "b", "b")).text());
    assertEquals("0 of 0 hops", new RingHops(Mesh.of(2, 1), List.of("a", "b")).text());
  }

  @Test
  void groupsOfHeadsOnSeveralHostsAreCounted() {
    assertEquals(
        "2 of 6 hops: rank 1 to 3, rank 5 to 1; 2 of 3 groups of heads",
        new RingHops(Mesh.of(6, 3, 2), List.of("a", "a", "a", "b", "a", "b")).text());
  }

  @Test
  void manyAreCut() {
    List<String> hosts = Collections.nCopies(20, "a").stream().toList();
    String[] mixed = hosts.toArray(String[]::new);
    for (int i = 0; i < mixed.length; i += 2) {
      mixed[i] = "b";
    }
    String text = new RingHops(Mesh.of(20, 20), List.of(mixed)).text();
    assertEquals("20 of 20 hops: rank 0 to 1, ", text.substring(0, 28));
    assertEquals(", rank 7 to 8, ...", text.substring(text.length() - 18));
  }
}
