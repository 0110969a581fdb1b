package ringattention.bench.attention;

import java.util.List;
import java.util.stream.Stream;
import ringattention.attention.RingAttention;
import ringattention.attention.RingSchedule;
import ringattention.attention.RingSchedule.Hop;
import ringattention.device.DeviceTraits;
import ringattention.device.HeadCounts;
import ringattention.shard.BlockPair;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * What a rank of a ring computes in each step, and what it sends meanwhile, for blocks of any size:
 * the steps of {@link RingAttention}. The layout is zigzag, of one sequence.
 *
 * @param device on which keys and values, and their gradients, have elements of some sizes
 */
public record RingWork(int ranks, Mask mask, HeadCounts heads, DeviceTraits device) {
  /**
   * One step.
   *
   * @param flops of the work under which the messages go
   * @param messages bytes of each
   */
  record Step(double flops, List<Long> messages) {
    Step {
      messages = List.copyOf(messages);
    }
  }

  static RingWork of(BenchOverlapConfig config, int ranks, DeviceTraits device) {
    return new RingWork(ranks, config.mask(), config.heads(), device);
  }

  /** Bytes of the keys and values of so many tokens. */
  long keyValueBytes(long tokens) {
    return 2 * tokens * heads.keyValueWidth() * device.compute().bytes();
  }

  /** Bytes of their gradients. */
  long gradientBytes(long tokens) {
    return 2 * tokens * heads.keyValueWidth() * device.sum().bytes();
  }

  /** FLOPs of one block on one rank alone: what rates are measured with. */
  double blockFlops(RingPass pass, int tokens) {
    SequenceLayout alone = SequenceLayout.of(LayoutKind.ZIGZAG, tokens, 1);
    return flops(pass, alone.visiblePairs(0, mask));
  }

  /** The steps of one rank, in order. */
  List<Step> steps(RingPass pass, int tokens, int rank) {
    SequenceLayout layout =
        SequenceLayout.of(LayoutKind.ZIGZAG, Math.multiplyExact(tokens, ranks), ranks);
    RingSchedule schedule = new RingSchedule(layout, mask, rank);
    List<Hop> hops =
        pass == RingPass.BACKWARD
            ? schedule.backward(device, heads.keyValue())
            : schedule.forward(device, heads.keyValue());
    return hops.stream().map(hop -> step(pass, hop)).toList();
  }

  private Step step(RingPass pass, Hop hop) {
    long pairs = hop.pairs().stream().mapToLong(BlockPair::visiblePairs).sum();
    double share = (double) (hop.heads().to() - hop.heads().from()) / heads.keyValue();
    List<Long> messages =
        Stream.of(keyValueBytes(hop.keyValues()), gradientBytes(hop.gradients()))
            .filter(bytes -> bytes > 0)
            .toList();
    return new Step(share * flops(pass, pairs), messages);
  }

  /**
   * The smallest block of a long ring that hides communication: of the paper's c = F / B (section
   * 3) what grouped queries, a causal mask and other sizes of elements make. Of the backward the
   * steps in which both keys and values and their gradients travel.
   *
   * @param ratio F / B, FLOP/s over bytes/s
   */
  double formula(RingPass pass, double ratio) {
    double visible = mask == Mask.CAUSAL ? 0.5 : 1;
    int element = device.compute().bytes();
    double bytes = pass == RingPass.BACKWARD ? element + device.sum().bytes() : element;
    return 2 * heads.keyValue() * bytes / (4 * heads.query() * visible * pass.work()) * ratio;
  }

  private double flops(RingPass pass, long pairs) {
    return 4.0 * pairs * heads.queryWidth() * pass.work();
  }
}
