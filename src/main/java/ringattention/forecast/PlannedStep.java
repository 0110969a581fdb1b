package ringattention.forecast;

import ringattention.attention.AttentionShape;
import ringattention.attention.RingSchedule;
import ringattention.device.DType;
import ringattention.device.DeviceTraits;
import ringattention.metrics.BlockTime;
import ringattention.metrics.Phase;
import ringattention.metrics.Rates;
import ringattention.metrics.RingTime;
import ringattention.metrics.StepTime;
import ringattention.model.AttentionKind;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.ShardShape;
import ringattention.plan.TrainingPlan;
import ringattention.shard.BlockPair;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * The time of a training step on hardware that is not there, from the plan of the run and the
 * schedule of its ring; docs/performance.md has the model. Sequences are taken for one document.
 * Bytes of kernels are those of their arguments, in the order of the code of {@code model}.
 */
public final class PlannedStep {
  private static final int BF16 = DType.BF16.bytes();
  private static final int SUM = DType.F32.bytes();

  private final ModelSetup setup;
  private final ModelConfig model;
  private final DeviceTraits device;
  private final Rates rates;
  private final ShardShape shape;
  private final RingSchedule schedule;
  private final int ranks;
  private final SharedBytes shared;
  private final BlockSizes sizes; // of products, which take the tokens of all tensor ranks
  private final double hidden; // elements of the residual stream
  private final RingTime forward; // of all calls of a block
  private final RingTime backward;

  /**
   * @param plan with a policy, in bf16
   */
  PlannedStep(TrainingPlan plan, DeviceTraits device, Rates rates) {
    this.setup = plan.setup();
    this.model = setup.share();
    this.device = device;
    this.rates = rates;
    this.ranks = setup.mesh().world();
    int ringRank = busiestRank(setup.ringLayout(), setup.mask());
    int rank = ringRank * setup.mesh().heads() * setup.mesh().tensor();
    this.shape = setup.shape(rank);
    this.schedule = new RingSchedule(setup.ringLayout(), setup.mask(), ringRank);
    this.shared = new SharedBytes(setup.groups(rank), ranks, setup.bf16Gradients());
    this.sizes = new BlockSizes(model, (double) shape.entered() * shape.batch());
    this.hidden = (double) shape.tokens() * shape.batch() * model.hidden();
    int calls = calls() * setup.mesh().chunks();
    AttentionShape group = setup.attentionShape(rank);
    this.forward = forward(group).times(calls);
    this.backward = backward(group).times(calls);
  }

  /** Whether there are rates for such a run. */
  static boolean knows(TrainingPlan plan, DeviceTraits device) {
    return device.compute() == DType.BF16 && plan.setup().attention() != AttentionKind.VANILLA;
  }

  /** Work rises or falls with the rank in every layout, but for a few tokens: its ends will do. */
  private static int busiestRank(SequenceLayout layout, Mask mask) {
    int last = layout.ranks() - 1;
    int busiest = 0;
    for (int rank : new int[] {last / 2, last}) {
      if (layout.visiblePairs(rank, mask) > layout.visiblePairs(busiest, mask)) {
        busiest = rank;
      }
    }
    return busiest;
  }

  /** Seconds of a step, all its passes. */
  StepTime time() {
    StepTime time = new StepTime(rates);
    for (int pass = 0; pass < setup.passes(); pass++) {
      time.addExposed(Phase.GATHER, shared.weights("embedding"));
      ends(time);
      for (int block = 0; block < model.layers(); block++) {
        time.add(blockForward(block));
        time.add(blockBackward(block));
        exchanges(time, setup.policy().savesAttention(block) ? 1 : 2);
        tensorExchanges(time, block);
      }
      time.add(Phase.GATHER, rates.memoryS(shared.gathering()));
      time.add(Phase.REDUCE, rates.memoryS(shared.reducing()));
      time.addExposed(Phase.REDUCE, shared.gradients("embedding"));
    }
    // AdamW: weight, two moments in and out, gradient in; the gradient's norm reads it once more
    double optimizer = (7.0 + 1) * SUM * setup.model().parameters() / ranks;
    time.add(Phase.OPTIMIZER, rates.memoryS(optimizer));
    time.add(Phase.DATA, rates.stepS());
    return time;
  }

  /** Embedding and loss head. */
  private void ends(StepTime time) {
    time.add(Phase.EMBEDDING, rates.memoryS(hidden * (3 * BF16 + 2 * SUM)));
    double logits = (double) shape.tokens() * shape.batch() * model.outputs();
    double products = 2 * hidden * (3.0 * model.outputs() + 2.0 * model.features());
    double bytes = BF16 * (2 * logits + 7 * hidden); // loss; norm, clearing, norm's backward
    time.add(Phase.LOSS_HEAD, rates.productsS(products) + rates.memoryS(bytes));
  }

  /**
   * The exchanges of heads of a block: of queries, keys, values and outputs in each forward of
   * attention; in its backward of these, the output's gradient, and three gradients of the sum type
   * back.
   */
  private void exchanges(StepTime time, int forwards) {
    if (setup.mesh().heads() == 1) {
      return;
    }
    double projected = sizes.queries() + 2 * sizes.keys();
    for (int i = 0; i < forwards; i++) {
      exchange(time, BF16 * projected, BF16 * sizes.queries(), forward);
    }
    exchange(time, BF16 * (projected + 2 * sizes.queries()), SUM * projected, backward);
  }

  /**
   * Adds an exchange of heads: the first chunk comes and the last one leaves with nothing beside
   * it; behind a chunk's work the next comes and the one before leaves, in what the ring leaves of
   * the link.
   *
   * @param there bytes of all chunks that come
   * @param back bytes of all that leave
   * @param ring attention of all chunks
   */
  private void exchange(StepTime time, double there, double back, RingTime ring) {
    time.add(Phase.HEADS_EXCHANGE, rates.memoryS(2 * (there + back))); // packed or unpacked
    int heads = setup.mesh().heads();
    int chunks = setup.mesh().chunks();
    double sent = (heads - 1.0) / heads / chunks; // of a chunk, as a share of all
    double work = Math.max(0, ring.work() - ring.travelling()) / chunks;
    time.addExposed(Phase.HEADS_EXCHANGE, (there + back) * sent);
    for (int chunk = 0; chunk < chunks; chunk++) {
      double bytes = (chunk < chunks - 1 ? there : 0) + (chunk > 0 ? back : 0);
      time.addBeside(Phase.HEADS_EXCHANGE, bytes * sent, work);
    }
  }

  /**
   * What tensor ranks exchange at the ends of the halves of a block, which nothing hides: two
   * gathers and two sums forward, four and two backward, and one of either where attention, or its
   * output product, is computed again. Sums read and write what came from each of the others.
   */
  private void tensorExchanges(StepTime time, int block) {
    int others = setup.mesh().tensor() - 1;
    double gathers = setup.policy().savesAttention(block) ? 6 : 7;
    double sums = setup.policy().savesFeedForward(block) ? 4 : 5;
    time.add(Phase.TENSOR_EXCHANGE, rates.memoryS(BF16 * 3 * sums * others * hidden));
    time.addExposed(Phase.TENSOR_EXCHANGE, BF16 * (gathers + sums) * others * hidden);
  }

  private BlockTime blockForward(int block) {
    double bytes = projectBytes() + keptCopyBytes(block) + BF16 * 2 * hidden;
    double copied = setup.policy().savesFeedForward(block) ? 2 : 0; // residual stream
    double leaving =
        (setup.policy().inputOnHost(block) ? BF16 * hidden : 0)
            + (setup.policy().attentionOnHost(block) ? sizes.keptBytes() : 0);
    return new BlockTime(
        rates.productsS(2 * sizes.rows() * sizes.attentionWeights()) + rates.memoryS(bytes),
        forward,
        rates.productsS(2 * sizes.rows() * 3 * sizes.feedForwardWeights())
            + rates.memoryS(BF16 * ((2 + copied) * hidden + 3 * sizes.wide())),
        shared.weights("block.0"),
        0,
        leaving);
  }

  private BlockTime blockBackward(int block) {
    boolean again = !setup.policy().savesAttention(block);
    double outputAgain = setup.policy().savesFeedForward(block) ? 0 : 1; // gate and up likewise
    double weights =
        (2 + setup.policy().projectedAgain(block, calls())) * sizes.keyWeights()
            + sizes.normedWeights()
            + (2 + outputAgain) * sizes.outputWeights();
    double bytes =
        backwardProjectBytes(block)
            + BF16 * 2 * hidden * outputAgain // residual
            + 2 * SUM * (sizes.queries() + sizes.keys()) // rotation of gradients
            + (SUM + BF16) * (sizes.queries() + 2 * sizes.keys()) // which become bf16
            + BF16 * 6 * hidden; // norm and its backward
    double arriving =
        (setup.policy().inputOnHost(block) ? BF16 * hidden : 0)
            + (setup.policy().attentionOnHost(block) ? sizes.keptBytes() : 0);
    return new BlockTime(
        rates.productsS(2 * sizes.rows() * weights) + rates.memoryS(bytes),
        again ? forward.plus(backward) : backward,
        rates.productsS(2 * sizes.rows() * (6 + 2 * outputAgain) * sizes.feedForwardWeights())
            + rates.memoryS(BF16 * (6 * hidden + 8 * sizes.wide())),
        shared.weights("block.0"),
        shared.gradients("block.0"),
        arriving);
  }

  /** Calls of attention for a block: of every group of heads, and sequence if they are packed. */
  private int calls() {
    return shape.turns() * setup.policy().headGroups();
  }

  /**
   * Norm of every group, rotation; copies of outputs where there are several calls, and of the
   * input where sequences go one by one.
   */
  private double projectBytes() {
    int groups = setup.policy().headGroups();
    double passes = shape.turns() > 1 ? 2 : 1; // copy and norm
    return BF16 * (2 * passes * groups * hidden + 2 * (sizes.queries() + sizes.keys()))
        + copyBytes();
  }

  /** Returns what of it a backward moves; where queries, keys and values are kept, copies only. */
  private double backwardProjectBytes(int block) {
    if (setup.policy().savesProjections(block)) {
      return copyBytes() + keptCopyBytes(block);
    }
    return (setup.policy().savesAttention(block) ? 1 : 2) * projectBytes();
  }

  /** Keys and values to where they are kept, or back. */
  private double keptCopyBytes(int block) {
    return setup.policy().savesProjections(block) ? BF16 * 2 * 2 * sizes.keys() : 0;
  }

  private double copyBytes() {
    return calls() > 1 ? BF16 * 2 * sizes.queries() : 0;
  }

  private RingTime forward(AttentionShape group) {
    RingTime time = RingTime.NONE;
    for (RingSchedule.Hop hop : schedule.forward(device, group.heads().keyValue())) {
      double seconds = 0;
      for (BlockPair pair : hop.pairs()) {
        seconds += rates.forwardS(flops(pair, group, hop), pair.queries(), pair.keys());
      }
      double merged = (double) hop.merged() * group.batch() * group.heads().queryWidth();
      seconds += rates.memoryS(merged * 3 * BF16);
      time = time.plusHop(rates, seconds, message(hop, group));
    }
    return time;
  }

  private RingTime backward(AttentionShape group) {
    RingTime time = RingTime.NONE;
    for (RingSchedule.Hop hop : schedule.backward(device, group.heads().keyValue())) {
      double seconds = 0;
      for (BlockPair pair : hop.pairs()) {
        seconds += rates.backwardS(flops(pair, group, hop), pair.queries(), pair.keys());
      }
      seconds += rates.memoryS(3 * SUM * elements(hop.gradients(), group));
      time = time.plusHop(rates, seconds, message(hop, group));
    }
    return time;
  }

  /** Returns the operations of the forward of a pair, for the heads of the hop. */
  private double flops(BlockPair pair, AttentionShape group, RingSchedule.Hop hop) {
    double heads = hop.heads().to() - hop.heads().from();
    double queryHeads = heads * group.heads().group();
    return 4.0 * pair.visiblePairs() * group.batch() * queryHeads * group.heads().size();
  }

  private double message(RingSchedule.Hop hop, AttentionShape group) {
    return BF16 * elements(hop.keyValues(), group) + SUM * elements(hop.gradients(), group);
  }

  /** Returns the elements of keys and values of so many tokens. */
  private static double elements(long tokens, AttentionShape group) {
    return 2.0 * tokens * group.batch() * group.heads().keyValueWidth();
  }
}
