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
   * One hop more.
   *
   * @param work seconds
   * @param message bytes sent beside the work; 0: none
   */
  public RingTime plusHop(Rates rates, double work, double message) {
    double seconds = rates.messageS(message);
    double late = Math.max(0, seconds - work) + (message > 0 ? rates.hopS() : 0);
    return new RingTime(this.work + work, exposed + late, travelling + seconds, bytes + message);
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
