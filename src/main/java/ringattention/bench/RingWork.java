package ringattention.bench;

import java.util.ArrayList;
import java.util.List;
import ringattention.attention.RingAttention;
import ringattention.attention.RingSchedule;
import ringattention.config.BenchOverlapConfig;
import ringattention.config.LayoutKind;
import ringattention.config.MaskKind;
import ringattention.device.Device;
import ringattention.shard.BlockPair;
import ringattention.shard.SequenceLayout;

/**
 * What a rank of a ring computes in each step, and what it sends meanwhile, for blocks of any size:
 * the steps of {@link RingAttention}. The layout is zigzag, of one sequence.
 *
 * @param element bytes of keys and values
 * @param sum bytes of their gradients
 */
record RingWork(
    int ranks, MaskKind mask, int heads, int keyValueHeads, int headSize, int element, int sum) {
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

  static RingWork of(BenchOverlapConfig config, int ranks, Device device) {
    return new RingWork(
        ranks,
        config.mask(),
        config.heads(),
        config.keyValueHeads(),
        config.headSize(),
        device.compute().bytes(),
        device.sum().bytes());
  }

  /** Bytes of the keys and values of so many tokens. */
  long keyValueBytes(int tokens) {
    return 2L * tokens * keyValueHeads * headSize * element;
  }

  /** Bytes of their gradients. */
  long gradientBytes(int tokens) {
    return 2L * tokens * keyValueHeads * headSize * sum;
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
    List<Double> work = new ArrayList<>();
    for (int step = 0; step < ranks; step++) {
      int holder = Math.floorMod(rank - step, ranks);
      long pairs =
          layout.visible(rank, holder, mask).stream().mapToLong(BlockPair::visiblePairs).sum();
      work.add(flops(pass, pairs));
    }
    boolean gradients = pass == RingPass.BACKWARD && ranks > 1;
    if (gradients) { // the own block comes in two parts, by heads
      int first = new RingSchedule(layout, mask, rank).earlyHeads(keyValueHeads);
      double early = (double) first / keyValueHeads;
      double own = work.get(0);
      work.set(0, early * own);
      work.add((1 - early) * own);
    }
    List<Step> steps = new ArrayList<>();
    for (int step = 0; step < work.size(); step++) {
      List<Long> messages = new ArrayList<>();
      if (step + 1 < ranks) {
        messages.add(keyValueBytes(tokens));
      }
      if (gradients && step >= 2) { // sums follow their block one step behind
        messages.add(gradientBytes(tokens));
      }
      steps.add(new Step(work.get(step), messages));
    }
    return steps;
  }

  /**
   * The smallest block of a long ring that hides communication: of the paper's c = F / B (section
   * 3) what grouped queries, a causal mask and other sizes of elements make. Of the backward the
   * steps in which both keys and values and their gradients travel.
   *
   * @param ratio F / B, FLOP/s over bytes/s
   */
  double formula(RingPass pass, double ratio) {
    double visible = mask == MaskKind.CAUSAL ? 0.5 : 1;
    double bytes = pass == RingPass.BACKWARD ? element + sum : element;
    return 2 * keyValueHeads * bytes / (4 * heads * visible * pass.work()) * ratio;
  }

  private double flops(RingPass pass, long pairs) {
    return 4.0 * pairs * heads * headSize * pass.work();
  }
}
