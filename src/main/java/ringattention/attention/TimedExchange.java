package ringattention.attention;

import java.nio.ByteBuffer;
import java.util.List;
import ringattention.comm.RingExchange;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;

/** An exchange whose waits are charged to the ring and whose hops stand in the trace. */
final class TimedExchange {
  private final RingExchange exchange;
  private final PhaseTimer timer;
  private final Track track;
  private Timeline.Flight flight = Timeline.Flight.UNSEEN;

  TimedExchange(RingExchange exchange, PhaseTimer timer, Track track) {
    this.exchange = exchange;
    this.timer = timer;
    this.track = track;
  }

  /**
   * Posts a hop, see {@link RingExchange#post}.
   *
   * @param step that needs what arrives
   */
  void post(int step, List<ByteBuffer> send, List<ByteBuffer> receive) {
    flight = timer.timeline().begin(track, () -> "for step " + step);
    exchange.post(send, receive);
  }

  /** Waits for a hop, see {@link RingExchange#await}, and counts the time. */
  void await() {
    try (var scope = timer.in(Phase.RING_WAIT)) {
      exchange.await();
    }
    flight.landed();
  }
}
