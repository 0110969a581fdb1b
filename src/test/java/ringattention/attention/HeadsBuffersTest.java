package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;

/** What attention holds where ranks exchange heads. */
class HeadsBuffersTest {
  /** Of 5 tokens of a rank, 9 of its group, and 2 key/value heads a rank. */
  private static HeadsBuffers allocate(
      MemoryPlan plan, int ranks, int query, DType compute, boolean backward) {
    AttentionShape ring = new AttentionShape(9, 10, 3, new HeadCounts(query, 2, 4));
    return HeadsBuffers.allocate(plan, 5, ring, ranks, compute, DType.F32, backward);
  }

  /** In either type: all that is exchanged at a time, less what a rank keeps. */
  @ParameterizedTest
  @CsvSource({"2, 2", "2, 12", "3, 4", "4, 8"})
  void messagesHaveRoom(int ranks, int query) {
    for (DType compute : new DType[] {DType.BF16, DType.F32}) {
      HeadsBuffers buffers = allocate(new MemoryPlan(), ranks, query, compute, true);
      long token = 5L * 3 * 4 * (ranks - 1); // elements of a head that go to others
      long there = token * Math.max(query + 2 * 2, 2 * query);
      long back = token * (query + 2 * 2);
      assertTrue(buffers.messages().as(compute).elements() >= there, "to heads");
      assertTrue(buffers.messages().as(DType.F32).elements() >= back, "gradients to tokens");
      assertEquals(
          token * Math.max(query + 2 * 2, 2 * query), buffers.messages().elements(), "no more");
    }
  }

  @Test
  void bothLayoutsAreThere() {
    HeadsBuffers buffers = allocate(new MemoryPlan(), 3, 4, DType.BF16, true);
    assertEquals("BF16[9, 3, 4, 4]", buffers.query().toString());
    assertEquals("BF16[9, 3, 4, 4]", buffers.outGradient().toString());
    assertEquals("BF16[5, 3, 6, 4]", buffers.own().keys().toString());
    assertEquals("F32[5, 3, 6, 4]", buffers.ownGradient().values().toString());
    assertEquals("F32[5, 3, 12, 4]", buffers.queryGradient().toString());
  }

  @Test
  void aForwardAloneHasNoGradients() {
    HeadsBuffers buffers = allocate(new MemoryPlan(), 2, 4, DType.BF16, false);
    assertNull(buffers.ownGradient());
    assertNull(buffers.queryGradient());
    assertNull(buffers.outGradient());
    assertEquals(5L * 3 * 4 * (4 + 2 * 2), buffers.messages().elements());
    assertEquals(DType.BF16, buffers.messages().dtype());
  }
}
