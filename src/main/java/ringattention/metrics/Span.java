package ringattention.metrics;

/**
 * Something that took time.
 *
 * @param from start, in nanoseconds of the host's clock
 * @param to end, in nanoseconds of the same clock
 */
public record Span(Track track, String name, long from, long to) {
  public Span {
    if (to < from) {
      throw new IllegalArgumentException(name + " ends " + (from - to) + " ns before it starts");
    }
  }
}
