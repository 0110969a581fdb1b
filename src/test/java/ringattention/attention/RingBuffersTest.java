package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.Allocator.Purpose;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;

/** What attention holds: a ring its slots, one rank alone no more than it needs. */
class RingBuffersTest {
  private static final AttentionShape SHAPE = new AttentionShape(3, 4, 1, new HeadCounts(6, 2, 5));
  private static final long TOKENS = 2 * 4 * 2 * 5; // elements of the largest shard's keys, values

  private final MemoryPlan plan = new MemoryPlan();

  private RingBuffers allocate(DType compute, boolean ring) {
    return RingBuffers.allocate(plan, SHAPE, compute, DType.F32, ring);
  }

  private long count(Purpose purpose) {
    return plan.buffers().stream().filter(buffer -> buffer.purpose() == purpose).count();
  }

  @Test
  void aRingHasSlotsForTheLargestShard() {
    RingBuffers buffers = allocate(DType.F32, true);
    assertEquals(2, buffers.slots().size());
    assertEquals(2, buffers.travelling().size());
    assertEquals(TOKENS, buffers.slots().get(1).pieces().get(0).elements());
    assertEquals(TOKENS, buffers.landing().pieces().get(0).elements());
    assertEquals(3 * 6 * 5, buffers.blockOut().elements());
    assertEquals(3 * 6, buffers.blockLogSumExp().elements());
    assertEquals(6, count(Purpose.RING)); // slots, gradients, and the own block, which is sent
  }

  @Test
  void attentionAloneHasNone() {
    RingBuffers buffers = allocate(DType.F32, false);
    assertEquals(0, buffers.slots().size() + buffers.travelling().size());
    assertNull(buffers.landing());
    assertNull(buffers.blockOut());
    assertNull(buffers.blockLogSumExp());
    assertEquals(0, count(Purpose.RING));
    assertEquals(3, count(Purpose.ACTIVATIONS));
  }

  /** Blocks of another type than their sum have an output of their own. */
  @Test
  void narrowerBlocksAreMergedAloneToo() {
    RingBuffers buffers = allocate(DType.BF16, false);
    assertNull(buffers.landing());
    assertNotNull(buffers.blockOut());
    assertEquals(DType.BF16, buffers.blockOut().dtype());
    assertEquals(DType.F32, buffers.blockLogSumExp().dtype());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1, 1, 1, 1",
    "2, 1, 1, 1, 1, 1",
    "1, 1, 0, 1, 1, 1",
    "1, 1, 1, 1, 0, 1",
    "1, 1, 1, 1, 1, 0",
    "1, 1, 1, 3, 2, 1"
  })
  void attentionOfNoSizeIsRefused(
      int tokens, int largest, int batch, int heads, int keyValueHeads, int headSize) {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new AttentionShape(
                tokens, largest, batch, new HeadCounts(heads, keyValueHeads, headSize)));
  }
}
