package ringattention.device;

/**
 * When the device did the work of a {@link NamedWork}.
 *
 * @param from start of its first work, in nanoseconds of {@link System#nanoTime} on this host
 * @param to end of its last work
 */
public record TimedRange(String name, long from, long to) {}
