package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.comm.ThrottledCommunicator;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.shard.LayoutKind;
import ringattention.shard.MaskKind;
import ringattention.shard.SequenceLayout;

class OverlapProbeTest {
  private static final int HEADS = 2;
  private static final int SIZE = 16;

  /**
   * @param bytesPerS of the link, 0 for as fast as memory
   */
  private static OverlapEstimate probe(Communicator world, int tokens, double bytesPerS) {
    ThrottledCommunicator ring = new ThrottledCommunicator(world);
    ring.limit(bytesPerS);
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device)) {
      AttentionShape shape = new AttentionShape(tokens, tokens, 1, HEADS, 1, SIZE);
      RingBuffers buffers =
          RingBuffers.allocate(arena, shape, device.compute(), device.sum(), true);
      Tensor query =
          arena.allocate(
              "query",
              Purpose.ACTIVATIONS,
              device.compute(),
              new Dim("tokens", tokens),
              new Dim("batch", 1),
              new Dim("heads", HEADS),
              new Dim("head size", SIZE));
      long before = device.allocatedBytes();
      SequenceLayout layout =
          SequenceLayout.of(LayoutKind.ZIGZAG, tokens * ring.size(), ring.size());
      OverlapEstimate estimate =
          new OverlapProbe(device, System::nanoTime)
              .measure(ring, layout, MaskKind.CAUSAL, buffers, query);
      assertEquals(before, device.allocatedBytes(), "something was allocated");
      return estimate;
    }
  }

  @Test
  void countsOneBlockAndItsMessage() {
    List<OverlapEstimate> found = LocalCommunicator.run(3, world -> probe(world, 100, 1e6));
    OverlapEstimate first = found.get(0);
    assertEquals(100, first.tokens());
    assertEquals(4.0 * HEADS * SIZE * 100 * 101 / 2, first.flops());
    assertEquals(2 * 100 * SIZE * Float.BYTES, first.bytes());
    assertTrue(first.bytesPerS() <= 1e6, "faster than the link: " + first.bytesPerS());
    for (OverlapEstimate other : found) {
      assertEquals(first, other, "ranks disagree");
    }
  }

  @Test
  void aSlowLinkNeedsLargerBlocks() {
    LocalCommunicator.run(
        2,
        world -> {
          // 0.2 s a message against milliseconds of work
          OverlapEstimate slow = probe(world, 64, 4e4);
          assertFalse(slow.hides());
          assertTrue(slow.hidingTokens() > 64, slow.toString());
          return null;
        });
  }

  @Test
  void workGrowsWithTheSquare() {
    OverlapEstimate estimate = new OverlapEstimate(1000, 6e9, 1_000_000, 0.01, 0.025);
    assertEquals(2500, estimate.hidingTokens());
    assertFalse(estimate.hides());
    assertEquals(6e11, estimate.flopsPerS(), 1);
    assertEquals(4e7, estimate.bytesPerS(), 1e-3);
    OverlapEstimate large = new OverlapEstimate(1000, 6e9, 1_000_000, 0.025, 0.01);
    assertEquals(400, large.hidingTokens());
    assertTrue(large.hides());
  }
}
