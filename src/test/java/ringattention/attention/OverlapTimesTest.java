package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.shard.LayoutKind;
import ringattention.shard.MaskKind;
import ringattention.shard.SequenceLayout;

/** What the probe times, by a clock that goes on only where it is told to. */
class OverlapTimesTest {
  private static final int HEADS = 2;
  private static final int SIZE = 4;
  private static final long MILLISECOND = 1_000_000;

  /** A rank whose work takes the times it is given. */
  private static final class Watch {
    private final long[] attention; // nanoseconds of each call, the last for all further ones
    private long now = 77;
    private long enqueued; // work that the host has not waited for
    int calls;
    int messages;
    int barriers;

    Watch(long... attention) {
      this.attention = attention;
    }

    Device device() {
      return WatchedDevice.around(
          new ReferenceDevice(),
          (method, arguments, call) -> {
            if (method.equals("forward")) {
              enqueued += attention[Math.min(calls++, attention.length - 1)];
            } else if (method.equals("fill")) {
              enqueued += 1000 * MILLISECOND;
            } else if (method.equals("synchronize")) {
              now += enqueued;
              enqueued = 0;
            }
            return call.make();
          });
    }

    /** Messages take 5 ms, 3 ms, 4 ms and so on; ranks come late to a barrier. */
    Communicator ring(Communicator ring) {
      return WatchedDevice.watched(
          Communicator.class,
          ring,
          (method, arguments, call) -> {
            if (method.equals("barrier")) {
              barriers++;
              now += 500 * MILLISECOND;
            }
            if (method.equals("sendReceive")) {
              now += new long[] {5, 3, 4}[Math.min(messages++, 2)] * MILLISECOND;
            }
            return call.make();
          });
    }
  }

  private record Probed(Watch watch, OverlapEstimate estimate) {}

  /** The keys of shards of 4, 3 and 3 tokens. */
  private static List<Probed> probe(long... attention) {
    SequenceLayout layout = SequenceLayout.of(LayoutKind.CONTIGUOUS, 10, 3);
    return LocalCommunicator.run(
        3,
        world -> {
          Watch watch = new Watch(attention);
          try (Device device = watch.device();
              Arena arena = new Arena(device)) {
            int tokens = layout.size(world.rank());
            RingBuffers buffers =
                RingBuffers.allocate(
                    arena,
                    new AttentionShape(tokens, layout.largestShard(), 1, HEADS, 1, SIZE),
                    device.compute(),
                    device.sum(),
                    true);
            Tensor query =
                arena.allocate(
                    "query",
                    Purpose.ACTIVATIONS,
                    device.compute(),
                    new Dim("tokens", tokens),
                    new Dim("batch", 1),
                    new Dim("heads", HEADS),
                    new Dim("head size", SIZE));
            poison(device, query);
            poison(device, buffers.own().storage());
            OverlapEstimate estimate =
                new OverlapProbe(device, () -> watch.now)
                    .measure(watch.ring(world), layout, MaskKind.CAUSAL, buffers, query);
            assertFilled(device, query);
            assertFilled(device, buffers.own().of(tokens).storage());
            world.barrier(); // memory stays until the neighbours have read it
            return new Probed(watch, estimate);
          }
        });
  }

  private static void poison(Device device, Tensor tensor) {
    double[] values = new double[(int) tensor.elements()];
    Arrays.fill(values, Double.NaN);
    device.write(tensor, values);
  }

  /** The probe computes with numbers, whatever the memory held. */
  private static void assertFilled(Device device, Tensor tensor) {
    assertArrayEquals(new double[(int) tensor.elements()], device.read(tensor));
  }

  @Test
  void theFasterOfTwoRunsAfterTheFirstCounts() {
    for (Probed rank : probe(900 * MILLISECOND, 50 * MILLISECOND, 40 * MILLISECOND)) {
      assertEquals(0.04, rank.estimate().attentionS(), 1e-12);
      assertEquals(0.003, rank.estimate().messageS(), 1e-12);
      assertEquals(3, rank.watch().calls);
      assertEquals(3, rank.watch().messages);
      assertEquals(3, rank.watch().barriers);
    }
  }

  @Test
  void aSlowerSecondRunDoesNotCount() {
    for (Probed rank : probe(1 * MILLISECOND, 50 * MILLISECOND, 60 * MILLISECOND)) {
      assertEquals(0.05, rank.estimate().attentionS(), 1e-12);
    }
  }

  /** Seconds of attention are not repeated; a tenth of a second is long enough. */
  @Test
  void longRunsAreNotRepeated() {
    for (Probed rank : probe(900 * MILLISECOND, 100 * MILLISECOND, 40 * MILLISECOND)) {
      assertEquals(0.1, rank.estimate().attentionS(), 1e-12);
      assertEquals(2, rank.watch().calls);
    }
  }

  @Test
  void asMuchTimeAsTheMessageIsEnough() {
    OverlapEstimate even = new OverlapEstimate(10, 1, 1, 0.5, 0.5);
    assertTrue(even.hides());
    assertEquals(10, even.hidingTokens());
  }
}
