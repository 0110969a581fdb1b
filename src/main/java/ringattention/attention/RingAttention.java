package ringattention.attention;

import java.util.List;
import ringattention.comm.RingExchange;
import ringattention.config.MaskKind;
import ringattention.device.BlockAttention;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.Mask;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.BlockPair;
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
  private final MaskKind mask;
  private final int rank;
  private final RingExchange keyValues; // two exchanges, because two messages may be in flight
  private final RingExchange gradients;
  private final RingBuffers buffers;
  private final PhaseTimer timer;

  /**
   * @param rank of this process in the ring
   * @param keyValues carries keys and values to the next rank
   * @param gradients carries their gradients, one step behind
   */
  public RingAttention(
      Device device,
      SequenceLayout layout,
      MaskKind mask,
      int rank,
      RingExchange keyValues,
      RingExchange gradients,
      RingBuffers buffers,
      PhaseTimer timer) {
    this.device = device;
    this.block = device.attention();
    this.layout = layout;
    this.mask = mask;
    this.rank = rank;
    this.keyValues = keyValues;
    this.gradients = gradients;
    this.buffers = buffers;
    this.timer = timer;
  }

  @Override
  public KeyValue own() {
    return buffers.own().of(layout.size(rank));
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      device.kernels().fill(logSumExp, Double.NEGATIVE_INFINITY);
      Completion computed = device.mark();
      KeyValue held = own();
      for (int step = 0; step < layout.ranks(); step++) {
        KeyValue arriving = post(step, held, computed);
        for (BlockPair pair : visible(step)) {
          attend(pair, q, held, out, logSumExp, step == 0);
        }
        computed = device.mark();
        held = arrived(arriving);
      }
    }
  }

  private void attend(
      BlockPair pair, Tensor q, KeyValue held, Tensor out, Tensor logSumExp, boolean first) {
    Tensor queries = q.slice(pair.queryFrom(), pair.queryTo());
    Tensor keys = held.keys().slice(pair.keyFrom(), pair.keyTo());
    Tensor values = held.values().slice(pair.keyFrom(), pair.keyTo());
    Tensor total = out.slice(pair.queryFrom(), pair.queryTo());
    Tensor totalLogSumExp = logSumExp.slice(pair.queryFrom(), pair.queryTo());
    if (first && device.compute() == device.sum()) { // nothing to merge with, nothing to convert
      block.forward(queries, keys, values, mask(pair), total, totalLogSumExp);
      return;
    }
    Tensor blockOut = buffers.blockOut().slice(0, pair.queries());
    Tensor blockLogSumExp = buffers.blockLogSumExp().slice(0, pair.queries());
    block.forward(queries, keys, values, mask(pair), blockOut, blockLogSumExp);
    block.merge(total, totalLogSumExp, blockOut, blockLogSumExp);
  }

  @Override
  public KeyValue backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut, Tensor dq) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      device.kernels().fill(dq, 0);
      Completion computed = device.mark();
      KeyValue held = own();
      for (int step = 0; step < layout.ranks(); step++) {
        KeyValue arriving = post(step, held, computed);
        KeyValue gradient = gradientOfHeld(step);
        device.kernels().fill(gradient.storage(), 0);
        for (BlockPair pair : visible(step)) {
          block.backward(
              q.slice(pair.queryFrom(), pair.queryTo()),
              held.keys().slice(pair.keyFrom(), pair.keyTo()),
              held.values().slice(pair.keyFrom(), pair.keyTo()),
              mask(pair),
              out.slice(pair.queryFrom(), pair.queryTo()),
              logSumExp.slice(pair.queryFrom(), pair.queryTo()),
              dOut.slice(pair.queryFrom(), pair.queryTo()),
              dq.slice(pair.queryFrom(), pair.queryTo()),
              gradient.keys().slice(pair.keyFrom(), pair.keyTo()),
              gradient.values().slice(pair.keyFrom(), pair.keyTo()));
        }
        passOn(step, gradient);
        computed = device.mark();
        held = arrived(arriving);
      }
      if (layout.ranks() > 1) { // the hop that brings the own gradient home
        await(gradients);
      }
      return buffers.ownGradient().of(layout.size(rank));
    }
  }

  /**
   * Where the gradient of the held block is summed: alternating, since the one before is still
   * being sent.
   */
  private KeyValue gradientOfHeld(int step) {
    KeyValue room =
        layout.ranks() == 1 ? buffers.ownGradient() : buffers.travelling().get(step % 2);
    return room.of(layout.size(holder(step)));
  }

  /**
   * Adds what the ranks before have summed for the held block, and sends the sum after the block.
   */
  private void passOn(int step, KeyValue gradient) {
    if (layout.ranks() == 1) {
      return;
    }
    if (step > 0) {
      await(gradients);
      KeyValue before = buffers.ownGradient().of(layout.size(holder(step)));
      device.kernels().add(gradient.storage(), before.storage());
    }
    device.mark().await();
    KeyValue next = buffers.ownGradient().of(layout.size(holder(step + 1)));
    gradients.post(gradient.message(), next.message());
  }

  /**
   * Starts passing on the held block and receiving the next one.
   *
   * @param computed after the work that made the held block and that last read the receiving slot
   * @return the slot the next block arrives in, null after the last step: nothing is sent then
   */
  private KeyValue post(int step, KeyValue held, Completion computed) {
    if (step + 1 == layout.ranks()) {
      return null;
    }
    KeyValue slot = buffers.slots().get(step % 2).of(layout.size(holder(step + 1)));
    computed.await();
    keyValues.post(held.message(), slot.message());
    return slot;
  }

  private KeyValue arrived(KeyValue arriving) {
    if (arriving != null) {
      await(keyValues);
    }
    return arriving;
  }

  private void await(RingExchange exchange) {
    try (var scope = timer.in(Phase.RING_WAIT)) {
      exchange.await();
    }
  }

  /** The rank whose block this rank holds at a step. */
  private int holder(int step) {
    return Math.floorMod(rank - step, layout.ranks());
  }

  private List<BlockPair> visible(int step) {
    return layout.visible(rank, holder(step), mask);
  }

  private static Mask mask(BlockPair pair) {
    return pair.mask() == MaskKind.CAUSAL ? Mask.CAUSAL : Mask.FULL;
  }
}
