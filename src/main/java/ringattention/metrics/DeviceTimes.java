package ringattention.metrics;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Time of one rank by phase as its device saw it, from ranges of one stream. A range with the name
 * of a phase is that phase; every other range is work of the phase around it. As in {@link
 * PhaseTimer} time in an inner phase is taken from the outer one.
 *
 * <p>Where the ring was waited for, the time of attention that no work within it covers is the
 * ring's: the device had nothing to do until the next block had come and its work been enqueued.
 */
public final class DeviceTimes {
  /** A range and those within it; the phase is null for work of the phase around it. */
  private record Node(Phase phase, long from, long to, List<Node> within) {
    private long alone() {
      return to - from - within.stream().mapToLong(node -> node.to - node.from).sum();
    }

    private boolean hasRingWait() {
      return phase == Phase.RING_WAIT || within.stream().anyMatch(Node::hasRingWait);
    }
  }

  private final long[] nanoseconds = new long[Phase.values().length];

  private DeviceTimes() {}

  /**
   * @param ranges in the order they were closed; they nest or follow each other
   * @param wallS time from start to end, the ranges and what lies between them
   */
  public static PhaseTimes of(List<Span> ranges, double wallS) {
    DeviceTimes times = new DeviceTimes();
    tree(ranges).forEach(node -> times.charge(node, null));
    Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      seconds.put(phase, times.nanoseconds[phase.ordinal()] * 1e-9);
    }
    return new PhaseTimes(wallS, seconds);
  }

  /**
   * The outermost ranges. A range lies within the first one closed after it that began before it;
   * times are rounded, so one that took no time may end up within its neighbour.
   */
  private static Iterable<Node> tree(List<Span> ranges) {
    Deque<Node> outermost = new ArrayDeque<>();
    for (Span range : ranges) {
      List<Node> within = new ArrayList<>();
      while (!outermost.isEmpty() && outermost.peek().from() >= range.from()) {
        within.add(outermost.pop());
      }
      outermost.push(new Node(phase(range.name()), range.from(), range.to(), within));
    }
    return outermost;
  }

  private static Phase phase(String name) {
    return Arrays.stream(Phase.values())
        .filter(phase -> phase.title().equals(name))
        .findFirst()
        .orElse(null);
  }

  /**
   * @param around the phase that this range lies in; null outside of all
   */
  private void charge(Node node, Phase around) {
    Phase phase = node.phase() == null ? around : node.phase();
    boolean waited = node.phase() == Phase.ATTENTION && node.hasRingWait();
    Phase charged = waited ? Phase.RING_WAIT : phase;
    if (charged != null) {
      nanoseconds[charged.ordinal()] += node.alone();
    }
    node.within().forEach(inner -> charge(inner, phase));
  }
}
