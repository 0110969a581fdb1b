package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostOrderTest {
  @Test
  void ranksDealtOutInTurnsAreNeighboursAgain() {
    assertEquals(List.of(0, 3, 1, 4, 2), HostOrder.of(List.of("b", "a", "b", "a", "b")));
  }

  @Test
  void ranksOfAHostThatAreNeighboursStay() {
    List<Integer> order = HostOrder.of(List.of("b", "b", "a", "c", "c"));
    assertEquals(List.of(0, 1, 2, 3, 4), order);
    assertTrue(HostOrder.isAsStarted(order));
    assertFalse(HostOrder.isAsStarted(List.of(0, 2, 1)));
  }
}
