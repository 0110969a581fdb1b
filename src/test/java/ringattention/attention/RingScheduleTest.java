package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.attention.RingSchedule.Hop;
import ringattention.device.DType;
import ringattention.device.DeviceTraits;
import ringattention.device.cuda.CudaTraits;
import ringattention.shard.BlockPair;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/** Every pair is computed once, for every head; every block travels as often as it must. */
class RingScheduleTest {
  private static final int HEADS = 6;
  private static final DeviceTraits DEVICE = CudaTraits.planned(DType.BF16, false, 64, 1e15);

  static Stream<Arguments> rings() {
    return Stream.of(1, 2, 3, 8)
        .flatMap(
            ranks ->
                Stream.of(LayoutKind.values())
                    .flatMap(
                        kind ->
                            Stream.of(Mask.values()).map(mask -> Arguments.of(ranks, kind, mask))));
  }

  @ParameterizedTest
  @MethodSource("rings")
  void countsWhatTheRingDoes(int ranks, LayoutKind kind, Mask mask) {
    SequenceLayout layout = SequenceLayout.of(kind, 1003, ranks);
    long sent = 0;
    long summed = 0;
    for (int rank = 0; rank < ranks; rank++) {
      RingSchedule schedule = new RingSchedule(layout, mask, rank);
      List<Hop> forward = schedule.forward(DEVICE, HEADS);
      List<Hop> backward = schedule.backward(DEVICE, HEADS);
      long pairs = layout.visiblePairs(rank, mask);
      assertEquals(HEADS * pairs, work(forward));
      assertEquals(HEADS * pairs, work(backward));
      assertEquals(ranks - 1, messages(forward, false));
      assertEquals(ranks - 1, messages(backward, false));
      assertEquals(0, messages(forward, true));
      assertEquals(ranks - 1, messages(backward, true));
      sent += forward.stream().mapToLong(Hop::keyValues).sum();
      summed += backward.stream().mapToLong(Hop::gradients).sum();
    }
    assertEquals((ranks - 1) * 1003L, sent);
    assertEquals((ranks - 1) * 1003L, summed);
  }

  /** Queries are merged with every block but the first that they see. */
  @ParameterizedTest
  @MethodSource("rings")
  void countsMerges(int ranks, LayoutKind kind, Mask mask) {
    SequenceLayout layout = SequenceLayout.of(kind, 1003, ranks);
    for (int rank = 0; rank < ranks; rank++) {
      List<Hop> hops = new RingSchedule(layout, mask, rank).forward(DEVICE, HEADS);
      long seen =
          hops.stream().flatMap(hop -> hop.pairs().stream()).mapToLong(BlockPair::queries).sum();
      long merged = hops.stream().mapToLong(Hop::merged).sum();
      assertEquals(seen - layout.size(rank), merged);
    }
  }

  private static long work(List<Hop> hops) {
    return hops.stream()
        .mapToLong(
            hop ->
                (hop.heads().to() - hop.heads().from())
                    * hop.pairs().stream().mapToLong(BlockPair::visiblePairs).sum())
        .sum();
  }

  private static long messages(List<Hop> hops, boolean gradients) {
    return hops.stream().filter(hop -> (gradients ? hop.gradients() : hop.keyValues()) > 0).count();
  }

  /** Shards of 4, 3 and 3 tokens: whose block and whose gradient a rank sends at each step. */
  @Test
  void sizesAreThoseOfTheHolder() {
    SequenceLayout layout = SequenceLayout.of(LayoutKind.CONTIGUOUS, 10, 3);
    RingSchedule schedule = new RingSchedule(layout, Mask.FULL, 1);
    List<Hop> backward = schedule.backward(DEVICE, HEADS);
    assertEquals(List.of(3, 4, 0, 0), backward.stream().map(Hop::keyValues).toList());
    assertEquals(List.of(0, 0, 4, 3), backward.stream().map(Hop::gradients).toList());
    List<Hop> forward = schedule.forward(DEVICE, HEADS);
    assertEquals(List.of(3, 4, 0), forward.stream().map(Hop::keyValues).toList());
  }

  @Test
  void oneRankHasNoHopHome() {
    SequenceLayout layout = SequenceLayout.of(LayoutKind.CONTIGUOUS, 10, 1);
    assertEquals(1, new RingSchedule(layout, Mask.FULL, 0).backward(DEVICE, HEADS).size());
  }
}
