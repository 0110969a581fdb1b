package ringattention.metrics;

/**
 * One block's forward or backward: what a rank computes, and what moves beside it.
 *
 * @param projections seconds
 * @param attention of all its groups of heads
 * @param feedForward seconds
 * @param gatherBytes that a rank sends of the next block's parameters
 * @param reduceBytes that a rank sends of the gradients of the block before
 * @param hostBytes to or from the host
 */
public record BlockTime(
    double projections,
    RingTime attention,
    double feedForward,
    double gatherBytes,
    double reduceBytes,
    double hostBytes) {
  /** Seconds in which something else can move. */
  private double covered() {
    return projections + attention.work() + attention.exposed() + feedForward;
  }

  /** Seconds that gathered parameters come too late, since ring and gather share the link. */
  double gatherExposed(Rates rates) {
    return late(rates, gatherBytes);
  }

  /** Seconds that sums of gradients take beyond that. */
  double reduceExposed(Rates rates) {
    return late(rates, gatherBytes + reduceBytes) - gatherExposed(rates);
  }

  private double late(Rates rates, double bytes) {
    return bytes > 0 ? Math.max(0, attention.travelling() + rates.linkS(bytes) - covered()) : 0;
  }

  /** Seconds that saved activations come too late. */
  double hostExposed(Rates rates) {
    return Math.max(0, rates.hostS(hostBytes) - covered());
  }
}
