package ringattention.metrics;

/**
 * Seconds of a pass around the ring, or of several.
 *
 * @param work what the device computes
 * @param exposed what messages take longer than the work beside them, hop by hop
 * @param travelling what messages take
 * @param bytes sent by a rank
 */
public record RingTime(double work, double exposed, double travelling, double bytes) {
  public static final RingTime NONE = new RingTime(0, 0, 0, 0);

  /**
   * Returns the time with one hop more: what a hop costs, for predictions and forecasts alike.
   *
   * @param work seconds computed beside the messages
   * @param seconds that the messages take by themselves; 0 if there are none
   * @param message their bytes
   * @param least seconds that no work hides, however long it takes
   * @param notice seconds between the end of the hop and the start of the next
   */
  public RingTime plusHop(
      double work, double seconds, double message, double least, double notice) {
    double late = Math.max(least, seconds - work) + notice;
    return new RingTime(this.work + work, exposed + late, travelling + seconds, bytes + message);
  }

  /** Returns the time with one hop more at the rates of some hardware. */
  public RingTime plusHop(Rates rates, double work, double message) {
    double notice = message > 0 ? rates.hopS() : 0;
    return plusHop(work, rates.messageS(message), message, 0, notice);
  }

  public RingTime plus(RingTime other) {
    return new RingTime(
        work + other.work,
        exposed + other.exposed,
        travelling + other.travelling,
        bytes + other.bytes);
  }

  /** So many passes one after the other. */
  public RingTime times(int count) {
    return new RingTime(count * work, count * exposed, count * travelling, count * bytes);
  }
}
