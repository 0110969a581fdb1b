package ringattention.attention;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import ringattention.comm.RingExchange;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.NamedWork;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Track;
import ringattention.shard.BlockPair;
import ringattention.shard.Documents;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * Ring attention (Liu, Zaharia, Abbeel 2023, section 3): the keys and values of every rank pass by
 * every rank's queries, one block a step, and while a block is attended to the next one arrives.
 * The one loop for all layouts, masks and devices: what is visible is data ({@link
 * SequenceLayout}), how it is computed is the device's affair. A ring of one rank is blockwise
 * attention without communication.
 */
public final class RingAttention implements Attention {
  private final Device device;
  private final BlockAttention block;
  private final SequenceLayout layout;
  private final int rank;
  private final RingSchedule schedule;
  private final TimedExchange keyValues; // two exchanges, because two messages may be in flight
  private final TimedExchange gradients;
  private final RingBuffers buffers;
  private final PhaseTimer timer;
  private List<List<List<BlockPair>>> sequences; // of each, what is visible
  private List<List<BlockPair>> visible; // of the sequence attended to, of every step

  /**
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
    this.device = device;
    this.block = device.attention();
    this.layout = layout;
    this.rank = rank;
    this.schedule = new RingSchedule(layout, mask, rank);
    this.keyValues = new TimedExchange(keyValues, timer, Track.KEY_VALUES);
    this.gradients = new TimedExchange(gradients, timer, Track.GRADIENTS);
    this.buffers = buffers;
    this.timer = timer;
    documents(Documents.ONE);
  }

  @Override
  public void documents(Documents... packed) {
    Attention.require(packed, layout.length(), buffers.own());
    sequences =
        Arrays.stream(packed).map(documents -> schedule.visible(device, documents)).toList();
    sequence(0);
  }

  @Override
  public void sequence(int index) {
    visible = sequences.get(index);
  }

  /**
   * All that a rank asks of its device for one document, each call once: what that must have room
   * for.
   */
  public static List<AttentionCall> calls(
      DeviceTraits device, SequenceLayout layout, Mask mask, int rank, AttentionShape shape) {
    RingSchedule schedule = new RingSchedule(layout, mask, rank);
    Set<AttentionCall> calls = new LinkedHashSet<>();
    for (int holder = 0; holder < layout.ranks(); holder++) {
      for (BlockPair pair : schedule.visible(device, holder, Documents.ONE)) {
        calls.addAll(calls(schedule, shape, pair, holder == rank));
      }
    }
    return List.copyOf(calls);
  }

  /**
   * Returns the calls of {@link #calls} for sequences packed from documents whatever their lengths:
   * no call needs more than the largest of these.
   */
  public static List<AttentionCall> packedCalls(
      DeviceTraits device, SequenceLayout layout, Mask mask, int rank, AttentionShape shape) {
    RingSchedule schedule = new RingSchedule(layout, mask, rank);
    Set<AttentionCall> calls = new LinkedHashSet<>(calls(device, layout, mask, rank, shape));
    for (int holder = 0; holder < layout.ranks(); holder++) {
      for (BlockPair pair : layout.visible(rank, holder, mask)) {
        for (BlockPair part : pair.largestParts(device.causalBlock(), device.documentTile())) {
          calls.addAll(calls(schedule, shape, part, holder == rank));
        }
      }
    }
    return List.copyOf(calls);
  }

  private static List<AttentionCall> calls(
      RingSchedule schedule, AttentionShape shape, BlockPair pair, boolean own) {
    int heads = shape.heads().keyValue();
    int early = own ? schedule.earlyHeads(heads) : heads;
    BlockShape block = new BlockShape(pair.queries(), pair.keys(), shape.batch(), shape.heads());
    return Stream.of(new Heads(0, early), new Heads(early, heads))
        .filter(some -> some.from() < some.to())
        .map(some -> new AttentionCall(block, pair.mask(), some))
        .toList();
  }

  @Override
  public KeyValue own() {
    return buffers.own().of(layout.size(rank));
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      MergePlan merges = new MergePlan(visible.stream().flatMap(List::stream).toList());
      Completion before = device.mark();
      KeyValue held = own();
      for (int step = 0; step < layout.ranks(); step++) {
        int now = step;
        Hop hop = new Hop(step, held, slot(step), before);
        List<BlockPair> pairs = visible.get(step);
        overlap(
            () ->
                pairs.forEach(
                    pair -> {
                      try (NamedWork range = device.range(() -> name("forward", now, pair))) {
                        attend(pair, q, hop.held(), out, logSumExp, merges.next(pair));
                      }
                    }),
            () -> post(hop));
        before = device.mark();
        held = arrived(hop);
      }
    }
  }

  private void attend(
      BlockPair pair,
      Tensor q,
      KeyValue held,
      Tensor out,
      Tensor logSumExp,
      List<MergePlan.Part> merges) {
    Tensor queries = q.slice(pair.queryFrom(), pair.queryTo());
    Tensor keys = held.keys().slice(pair.keyFrom(), pair.keyTo());
    Tensor values = held.values().slice(pair.keyFrom(), pair.keyTo());
    if (merges.isEmpty()) { // the first block these queries see
      Tensor firstOut = out.slice(pair.queryFrom(), pair.queryTo());
      Tensor firstLogSumExp = logSumExp.slice(pair.queryFrom(), pair.queryTo());
      block.forward(queries, keys, values, pair.mask(), firstOut, firstLogSumExp);
      return;
    }
    Tensor blockOut = buffers.blockOut().slice(0, pair.queries());
    Tensor blockLogSumExp = buffers.blockLogSumExp().slice(0, pair.queries());
    block.forward(queries, keys, values, pair.mask(), blockOut, blockLogSumExp);
    try (NamedWork range = device.range(() -> "merge")) {
      for (MergePlan.Part part : merges) {
        int from = part.from() - pair.queryFrom();
        int to = part.to() - pair.queryFrom();
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
      int heads = Math.toIntExact(own().keys().dim(2));
      int early = schedule.earlyHeads(heads);
      Backward pass = new Backward(q, out, logSumExp, dOut, dq, early < heads);
      KeyValue ownGradient = buffers.ownGradient().of(layout.size(rank));
      Completion before = device.mark();
      KeyValue held = own();
      for (int step = 0; step < layout.ranks(); step++) {
        int now = step;
        Hop hop = new Hop(step, held, slot(step), before);
        KeyValue gradient = step == 0 ? ownGradient : travelling(step);
        overlap(
            () ->
                pass.contribute(now, hop.held(), gradient, new Heads(0, now == 0 ? early : heads)),
            () -> {
              post(hop);
              passOn(now, hop.before());
            });
        addArrived(step, gradient);
        before = device.mark();
        held = arrived(hop);
      }
      if (layout.ranks() > 1) { // the hop that brings the own gradient home
        Completion summed = before;
        overlap(
            () -> pass.contribute(0, own(), ownGradient, new Heads(early, heads)),
            () -> passOn(layout.ranks(), summed));
        addArrived(layout.ranks(), ownGradient);
      }
      return new Gradient(dq, ownGradient);
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

    /**
     * @param parted whether the own block comes in two parts: then some heads of dq are added to
     *     before others have been written
     */
    Backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut, Tensor dq, boolean parted) {
      this.q = q;
      this.out = out;
      this.logSumExp = logSumExp;
      this.dOut = dOut;
      this.dq = dq;
      this.cleared = parted;
      if (parted) {
        device.kernels().fill(dq, 0);
      }
    }

    /** Overwrites the gradient of the held block, for these heads; adds to dq. */
    void contribute(int step, KeyValue held, KeyValue gradient, Heads heads) {
      if (heads.from() == heads.to()) {
        return;
      }
      Coverage keys = new Coverage(); // that have a gradient
      for (BlockPair pair : visible.get(step)) {
        try (NamedWork range = device.range(() -> name("backward", step, pair))) {
          block.backward(
              q.slice(pair.queryFrom(), pair.queryTo()),
              held.keys().slice(pair.keyFrom(), pair.keyTo()),
              held.values().slice(pair.keyFrom(), pair.keyTo()),
              pair.mask(),
              out.slice(pair.queryFrom(), pair.queryTo()),
              logSumExp.slice(pair.queryFrom(), pair.queryTo()),
              dOut.slice(pair.queryFrom(), pair.queryTo()),
              heads,
              new Gradients(
                  dq.slice(pair.queryFrom(), pair.queryTo()),
                  cleared || !queries.markWritten(pair.queryFrom(), pair.queryTo()),
                  gradient.keys().slice(pair.keyFrom(), pair.keyTo()),
                  gradient.values().slice(pair.keyFrom(), pair.keyTo()),
                  !keys.markWritten(pair.keyFrom(), pair.keyTo())));
        }
      }
      for (Coverage.Span unseen : keys.gaps(0, gradient.tokens())) {
        device.kernels().fill(gradient.keys().slice(unseen.from(), unseen.to()), 0);
        device.kernels().fill(gradient.values().slice(unseen.from(), unseen.to()), 0);
      }
    }
  }

  /**
   * Keys and values on their way.
   *
   * @param step that attends to the held block; the arriving one is for the step after
   * @param held the block to pass on
   * @param arriving the slot the next block arrives in, null after the last step: nothing is sent
   * @param before after the work that made the held block and that last read the slot
   */
  private record Hop(int step, KeyValue held, KeyValue arriving, Completion before) {}

  /** The slot for the block of the next step; null after the last. */
  private KeyValue slot(int step) {
    return schedule.passesKeyValues(step)
        ? buffers.slots().get(step % 2).of(layout.size(schedule.holder(step + 1)))
        : null;
  }

  /** Does a step's work and starts its exchanges, in the order in which one hides the other. */
  private void overlap(Runnable work, Runnable exchanges) {
    if (device.asynchronous()) {
      work.run();
      exchanges.run();
    } else {
      exchanges.run();
      work.run();
    }
  }

  private void post(Hop hop) {
    if (hop.arriving() != null) {
      hop.before().await();
      keyValues.post(hop.step() + 1, hop.held().message(), hop.arriving().message());
    }
  }

  private KeyValue arrived(Hop hop) {
    if (hop.arriving() != null) {
      keyValues.await();
    }
    return hop.arriving();
  }

  /**
   * Sends on what was summed in the step before, and receives what the rank before has summed for
   * the block held now.
   */
  private void passOn(int step, Completion summed) {
    if (schedule.passesGradients(step)) {
      summed.await();
      gradients.post(step, travelling(step - 1).message(), landing(step).message());
    }
  }

  private void addArrived(int step, KeyValue sum) {
    if (schedule.passesGradients(step)) {
      gradients.await();
      try (NamedWork range = device.range(() -> "add gradient, step " + step)) {
        device.kernels().add(sum.storage(), landing(step).storage());
      }
    }
  }

  /** Where the gradient of the held block is summed: alternating, for the one before is sent. */
  private KeyValue travelling(int step) {
    return buffers.travelling().get(step % 2).of(layout.size(schedule.holder(step)));
  }

  private KeyValue landing(int step) {
    return buffers.landing().of(layout.size(schedule.holder(step)));
  }

  /** What a trace calls a block pair's work: queries x keys. */
  private static String name(String pass, int step, BlockPair pair) {
    return pass
        + " step "
        + step
        + ": "
        + pair.queries()
        + " x "
        + pair.keys()
        + (pair.mask() == Mask.CAUSAL ? " causal" : " full");
  }
}
