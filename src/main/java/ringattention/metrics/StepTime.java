package ringattention.metrics;

import java.util.EnumMap;
import java.util.Map;

/**
 * Predicted seconds of a training step on its busiest rank, by phase: the phases of a measured time
 * table, and what is left of communication once the work beside it is taken off.
 */
public final class StepTime {
  private final Rates rates;
  private final Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
  private double sentBytes;
  private double exposedS;

  public StepTime(Rates rates) {
    this.rates = rates;
  }

  /** Work of a phase. */
  public void add(Phase phase, double more) {
    seconds.merge(phase, more, Double::sum);
  }

  /** A block's forward or backward, with what it does not hide. */
  public void add(BlockTime block) {
    add(Phase.PROJECTIONS, block.projections());
    add(Phase.ATTENTION, block.attention().work());
    add(Phase.FEED_FORWARD, block.feedForward());
    expose(Phase.RING_WAIT, block.attention().exposed());
    expose(Phase.GATHER, block.gatherExposed(rates));
    expose(Phase.REDUCE, block.reduceExposed(rates));
    add(Phase.OFFLOAD, block.hostExposed(rates));
    sentBytes += block.attention().bytes() + block.gatherBytes() + block.reduceBytes();
  }

  /** Bytes that a rank sends with nothing to compute beside them. */
  public void addExposed(Phase phase, double bytes) {
    addBeside(phase, bytes, 0);
  }

  /**
   * Bytes that a rank sends while it computes.
   *
   * @param work seconds that hide them, which are not added
   */
  public void addBeside(Phase phase, double bytes, double work) {
    expose(phase, Math.max(0, rates.linkS(bytes) - work));
    sentBytes += bytes;
  }

  private void expose(Phase phase, double more) {
    add(phase, more);
    exposedS += more;
  }

  public PhaseTimes phases() {
    double total = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    return new PhaseTimes(total, seconds);
  }

  /** Communication between ranks that nothing hides; copies to the host not counted. */
  public double exposedS() {
    return exposedS;
  }

  /** Sent by the rank to others. */
  public double sentBytes() {
    return sentBytes;
  }
}
