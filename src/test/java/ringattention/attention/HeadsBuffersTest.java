package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.device.Tensor;

/** What attention holds where ranks exchange heads. */
class HeadsBuffersTest {
  /** Of 5 tokens of a rank, 9 of its group, and 2 key/value heads a rank. */
  private static HeadsBuffers allocate(
      MemoryPlan plan, int ranks, int query, DType compute, boolean backward) {
    AttentionShape ring = new AttentionShape(9, 10, 3, new HeadCounts(query, 2, 4));
    return HeadsBuffers.allocate(plan, 5, ring, ranks, 1, compute, DType.F32, backward);
  }

  private static HeadsBuffers.Chunk chunk(HeadsBuffers buffers) {
    assertEquals(1, buffers.chunks().size());
    return buffers.chunks().get(0);
  }

  /** In either type: all that a pass exchanges at a time, less what a rank keeps. */
  @ParameterizedTest
  @CsvSource({"2, 2", "2, 12", "3, 4", "4, 8"})
  void messagesHaveRoom(int ranks, int query) {
    for (DType compute : new DType[] {DType.BF16, DType.F32}) {
      HeadsBuffers buffers = allocate(new MemoryPlan(), ranks, query, compute, true);
      long token = 5L * 3 * 4 * (ranks - 1); // elements of a head that go to others
      long there = token * (query + 2 * 2 + 2 * query);
      long back = token * (query + 2 * 2);
      Tensor messages = chunk(buffers).messages();
      assertTrue(messages.as(compute).elements() >= there, "to heads");
      assertTrue(messages.as(DType.F32).elements() >= back, "gradients to tokens");
      long bytes = Math.max(there * compute.bytes(), back * DType.F32.bytes());
      assertEquals(bytes, messages.bytes(), "no more");
    }
  }

  @Test
  void bothLayoutsAreThere() {
    HeadsBuffers buffers = allocate(new MemoryPlan(), 3, 4, DType.BF16, true);
    assertEquals("BF16[9, 3, 4, 4]", chunk(buffers).query().toString());
    assertEquals("BF16[9, 3, 4, 4]", chunk(buffers).outGradient().toString());
    assertEquals("BF16[5, 3, 6, 4]", buffers.own().keys().toString());
    assertEquals("F32[5, 3, 6, 4]", buffers.ownGradient().values().toString());
    assertEquals("F32[5, 3, 12, 4]", buffers.queryGradient().toString());
  }

  /** Each has its share of what one would have. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"BF16", "F32"})
  void chunksNeedNoMoreThanOne(DType compute) {
    List<Long> bytes = new ArrayList<>();
    for (int chunks : new int[] {1, 2, 4}) {
      MemoryPlan plan = new MemoryPlan();
      HeadCounts heads = new HeadCounts(16, 8, 4).divided(chunks);
      AttentionShape ring = new AttentionShape(128, 128, 2, heads);
      HeadsBuffers buffers =
          HeadsBuffers.allocate(plan, 64, ring, 2, chunks, compute, DType.F32, true);
      assertEquals(chunks, buffers.chunks().size());
      assertEquals(16, buffers.own().keys().dim(2));
      assertEquals(32, buffers.queryGradient().dim(2));
      bytes.add(plan.buffers().stream().mapToLong(MemoryPlan.Buffer::bytes).sum());
    }
    assertEquals(List.of(bytes.get(0), bytes.get(0), bytes.get(0)), bytes);
  }

  @Test
  void aForwardAloneHasNoGradients() {
    HeadsBuffers buffers = allocate(new MemoryPlan(), 2, 4, DType.BF16, false);
    assertNull(buffers.ownGradient());
    assertNull(buffers.queryGradient());
    assertNull(chunk(buffers).outGradient());
    assertNull(chunk(buffers).ring().ownGradient());
    assertEquals(5L * 3 * 4 * (4 + 2 * 2), chunk(buffers).messages().elements());
    assertEquals(DType.BF16, chunk(buffers).messages().dtype());
  }
}
