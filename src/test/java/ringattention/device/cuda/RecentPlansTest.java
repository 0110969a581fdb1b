package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecentPlansTest {
  private final List<String> events = new ArrayList<>();

  private RecentPlans<Integer, String> plans(int most) {
    return new RecentPlans<>(most, () -> events.add("idle"), events::add);
  }

  @Test
  void thoseUnusedForLongestAreClosedAfterTheDevice() {
    RecentPlans<Integer, String> plans = plans(16);
    for (int i = 0; i < 16; i++) {
      plans.put(i, "plan " + i);
    }
    assertEquals("plan 0", plans.get(0)); // used again
    assertEquals(List.of(), events);
    plans.put(16, "plan 16");
    assertEquals(List.of("idle", "plan 1", "plan 2"), events);
    assertNull(plans.get(1));
    assertEquals("plan 0", plans.get(0));
    plans.put(17, "plan 17");
    assertEquals(3, events.size(), "one wait for several plans");
  }

  @Test
  void allAreClosedAtTheEnd() {
    RecentPlans<Integer, String> plans = plans(1);
    plans.put(1, "first");
    plans.put(2, "second");
    plans.close();
    assertEquals(List.of("idle", "first", "second"), events);
    assertNull(plans.get(2));
  }
}
