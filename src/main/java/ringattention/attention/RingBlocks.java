package ringattention.attention;

import java.util.List;
import ringattention.attention.RingSchedule.Hop;
import ringattention.comm.RingExchange;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.NamedWork;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Track;

/**
 * The blocks that a rank holds hop by hop, keys and values and the sums of their gradients, and how
 * they come and go. Gradients travel one step behind.
 */
final class RingBlocks {
  private final Device device;
  private final KeyValueStore store;
  private final RingBuffers buffers;
  private final TimedExchange keyValues; // two exchanges, because two messages may be in flight
  private final TimedExchange gradients;

  /**
   * @param gradients null where there is no backward
   */
  RingBlocks(
      Device device,
      KeyValueStore store,
      RingBuffers buffers,
      RingExchange keyValues,
      RingExchange gradients,
      PhaseTimer timer) {
    this.device = device;
    this.store = store;
    this.buffers = buffers;
    this.keyValues = new TimedExchange(keyValues, timer, Track.KEY_VALUES);
    this.gradients = new TimedExchange(gradients, timer, Track.GRADIENTS);
  }

  /**
   * Passes the held block on while the next arrives.
   *
   * @param free after the work that made the held block and that last read the arriving one's slot
   */
  void passKeyValues(Hop hop, Completion free) {
    if (hop.arriving() > 0) {
      free.await();
      KeyValue arriving = slot(hop.step()).of(hop.arriving());
      keyValues.post(hop.step() + 1, held(hop).message(), arriving.message());
    }
  }

  void awaitKeyValues(Hop hop) {
    if (hop.arriving() > 0) {
      keyValues.await();
    }
  }

  /**
   * Passes on what was summed at the hop before, while what the rank before has summed for the
   * block held now arrives.
   */
  void passGradients(Hop hop, Completion summed) {
    if (hop.gradients() > 0) {
      summed.await();
      KeyValue sum = travelling(hop.step() - 1).of(hop.gradients());
      gradients.post(hop.step(), sum.message(), landing(hop).message());
    }
  }

  void addArrived(Hop hop) {
    if (hop.gradients() > 0) {
      gradients.await();
      try (NamedWork range = device.range(() -> "add gradient, step " + hop.step())) {
        List<Tensor> sums = gradient(hop).pieces();
        for (int i = 0; i < sums.size(); i++) {
          device.kernels().add(sums.get(i), landing(hop).pieces().get(i));
        }
      }
    }
  }

  /** Keys and values of the held block. */
  KeyValue held(Hop hop) {
    return hop.own() ? store.held() : slot(hop.step() - 1).of(hop.held());
  }

  /** Where the block arrives that is held at the step after this one. */
  private KeyValue slot(int step) {
    return buffers.slots().get(step % 2);
  }

  /** Where the gradient of the held block is summed. */
  KeyValue gradient(Hop hop) {
    return hop.own() ? ownGradient() : travelling(hop.step()).of(hop.held());
  }

  KeyValue ownGradient() {
    return buffers.ownGradient().of(store.own().tokens());
  }

  /** Two in turn, for the one before is sent. */
  private KeyValue travelling(int step) {
    return buffers.travelling().get(step % 2);
  }

  private KeyValue landing(Hop hop) {
    return buffers.landing().of(hop.held());
  }
}
