package ringattention.attention;

import java.util.Arrays;
import java.util.List;
import ringattention.attention.RingSchedule.Block;
import ringattention.attention.RingSchedule.Hop;
import ringattention.comm.RingExchange;
import ringattention.device.BlockAttention;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.NamedWork;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.BlockPair;
import ringattention.shard.Documents;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * Ring attention (Liu, Zaharia, Abbeel 2023, section 3): the keys and values of every rank pass by
 * every rank's queries, one block a step, and while a block is attended to the next one arrives.
 * The one loop for all layouts, masks and devices: what is visible and what travels is data ({@link
 * RingSchedule}), how it is computed is the device's affair, where keys and values lie is the
 * store's. A ring of one rank is blockwise attention without communication.
 */
public final class RingAttention implements Attention {
  private final Device device;
  private final BlockAttention block;
  private final SequenceLayout layout;
  private final RingSchedule schedule;
  private final KeyValueStore store;
  private final RingBlocks blocks;
  private final RingBuffers buffers;
  private final PhaseTimer timer;
  private List<Sequence> sequences;
  private Sequence sequence; // attended to

  /** The hops of one sequence. */
  private record Sequence(List<Hop> forward, List<Hop> backward) {}

  /**
   * Attention of whole sequences.
   *
   * @param rank of this process in the ring
   * @param keyValues carries keys and values to the next rank
   * @param gradients carries their gradients, one step behind
   */
  public RingAttention(
      Device device,
      SequenceLayout layout,
      Mask mask,
      int rank,
      RingExchange keyValues,
      RingExchange gradients,
      RingBuffers buffers,
      PhaseTimer timer) {
    this(
        device,
        new RingSchedule(layout, mask, rank),
        KeyValueStore.of(buffers.own().of(layout.size(rank))),
        keyValues,
        gradients,
        buffers,
        timer);
  }

  /**
   * Attention of what a schedule says, over the keys and values of a store.
   *
   * @param gradients null where there is no backward
   */
  public RingAttention(
      Device device,
      RingSchedule schedule,
      KeyValueStore store,
      RingExchange keyValues,
      RingExchange gradients,
      RingBuffers buffers,
      PhaseTimer timer) {
    this.device = device;
    this.block = device.attention();
    this.layout = schedule.layout();
    this.schedule = schedule;
    this.store = store;
    this.blocks = new RingBlocks(device, store, buffers, keyValues, gradients, timer);
    this.buffers = buffers;
    this.timer = timer;
    documents(Documents.ONE);
  }

  @Override
  public void documents(Documents... packed) {
    Attention.require(packed, layout.length(), store.own());
    sequences = Arrays.stream(packed).map(this::hops).toList();
    sequence(0);
  }

  private Sequence hops(Documents documents) {
    int heads = keyValueHeads();
    return new Sequence(
        schedule.forward(device, heads, documents), schedule.backward(device, heads, documents));
  }

  private int keyValueHeads() {
    return Math.toIntExact(store.own().keys().dim(2));
  }

  @Override
  public void sequence(int index) {
    sequence = sequences.get(index);
  }

  @Override
  public void layer(int layer) {
    store.layer(layer);
  }

  @Override
  public KeyValue own() {
    return store.own();
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      Completion before = device.mark();
      for (Hop hop : sequence.forward()) {
        Completion free = before;
        overlap(
            () -> hop.blocks().forEach(some -> attend(hop, some, q, out, logSumExp)),
            () -> blocks.passKeyValues(hop, free));
        before = device.mark();
        blocks.awaitKeyValues(hop);
      }
    }
  }

  private void attend(Hop hop, Block some, Tensor q, Tensor out, Tensor logSumExp) {
    BlockPair pair = some.pair();
    try (NamedWork range = device.range(() -> name("forward", hop, pair))) {
      Tensor queries = queries(q, pair);
      Tensor keys = keys(blocks.held(hop).keys(), pair);
      Tensor values = keys(blocks.held(hop).values(), pair);
      if (some.merges().isEmpty()) { // the first block these queries see
        block.forward(
            queries, keys, values, pair.mask(), queries(out, pair), queries(logSumExp, pair));
        return;
      }
      Tensor blockOut = buffers.blockOut().slice(0, pair.queries());
      Tensor blockLogSumExp = buffers.blockLogSumExp().slice(0, pair.queries());
      block.forward(queries, keys, values, pair.mask(), blockOut, blockLogSumExp);
      merge(some, out, logSumExp, blockOut, blockLogSumExp);
    }
  }

  private void merge(
      Block some, Tensor out, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp) {
    try (NamedWork range = device.range(() -> "merge")) {
      for (MergePlan.Part part : some.merges()) {
        int from = part.from() - some.pair().queryFrom();
        int to = part.to() - some.pair().queryFrom();
        block.merge(
            (part.second() ? out : total(out)).slice(part.from(), part.to()),
            logSumExp.slice(part.from(), part.to()),
            blockOut.slice(from, to),
            blockLogSumExp.slice(from, to),
            (part.last() ? out : total(out)).slice(part.from(), part.to()));
      }
    }
  }

  /** Where outputs of more than one block are summed before the last is added. */
  private Tensor total(Tensor out) {
    return device.compute() == device.sum() ? out : buffers.querySum();
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      Tensor dq = buffers.querySum();
      Backward pass = new Backward(q, out, logSumExp, dOut, dq);
      Completion before = device.mark();
      for (Hop hop : sequence.backward()) {
        Completion free = before;
        overlap(
            () -> pass.contribute(hop),
            () -> {
              blocks.passKeyValues(hop, free);
              blocks.passGradients(hop, free);
            });
        blocks.addArrived(hop);
        before = device.mark();
        blocks.awaitKeyValues(hop);
      }
      return new Gradient(dq, blocks.ownGradient());
    }
  }

  /** The backward of one call: what every block pair's kernel gets. */
  private final class Backward {
    private final Tensor q;
    private final Tensor out;
    private final Tensor logSumExp;
    private final Tensor dOut;
    private final Tensor dq;
    private final boolean cleared;
    private final Coverage queries = new Coverage(); // that have a gradient

    Backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut, Tensor dq) {
      this.q = q;
      this.out = out;
      this.logSumExp = logSumExp;
      this.dOut = dOut;
      this.dq = dq;
      // where the own block comes in two parts, some heads are added to before others are written
      this.cleared = schedule.earlyHeads(keyValueHeads()) < keyValueHeads();
      if (cleared) {
        device.kernels().fill(dq, 0);
      }
    }

    /** Overwrites the gradient of the held block, for the hop's heads; adds to dq. */
    void contribute(Hop hop) {
      if (hop.heads().from() == hop.heads().to()) {
        return;
      }
      KeyValue held = blocks.held(hop);
      KeyValue gradient = blocks.gradient(hop);
      Coverage keys = new Coverage(); // that have a gradient
      for (BlockPair pair : hop.pairs()) {
        try (NamedWork range = device.range(() -> name("backward", hop, pair))) {
          block.backward(
              queries(q, pair),
              keys(held.keys(), pair),
              keys(held.values(), pair),
              pair.mask(),
              queries(out, pair),
              queries(logSumExp, pair),
              queries(dOut, pair),
              hop.heads(),
              new Gradients(
                  queries(dq, pair),
                  cleared || !queries.markWritten(pair.queryFrom(), pair.queryTo()),
                  keys(gradient.keys(), pair),
                  keys(gradient.values(), pair),
                  !keys.markWritten(pair.keyFrom(), pair.keyTo())));
        }
      }
      for (Coverage.Span unseen : keys.gaps(0, gradient.tokens())) {
        device.kernels().fill(gradient.keys().slice(unseen.from(), unseen.to()), 0);
        device.kernels().fill(gradient.values().slice(unseen.from(), unseen.to()), 0);
      }
    }
  }

  /** Does a hop's work and starts its exchanges, in the order in which one hides the other. */
  private void overlap(Runnable work, Runnable exchanges) {
    if (device.asynchronous()) {
      work.run();
      exchanges.run();
    } else {
      exchanges.run();
      work.run();
    }
  }

  private static Tensor queries(Tensor all, BlockPair pair) {
    return all.slice(pair.queryFrom(), pair.queryTo());
  }

  private static Tensor keys(Tensor all, BlockPair pair) {
    return all.slice(pair.keyFrom(), pair.keyTo());
  }

  /** What a trace calls a block pair's work: queries x keys. */
  private static String name(String pass, Hop hop, BlockPair pair) {
    return String.format(
        "%s step %d: %d x %d %s", pass, hop.step(), pair.queries(), pair.keys(), pair.mask());
  }
}
