package ringattention.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What one rank did when, for a trace. Records only between {@link #start} and {@link #stop}, and
 * costs nothing at other times. Used from one thread.
 */
public final class Timeline {
  /** Something that goes on beside the work of the host. */
  @FunctionalInterface
  public interface Flight {
    /** Seen by nobody. */
    Flight UNSEEN = () -> {};

    /** It is over. */
    void landed();
  }

  private final LongSupplier clock;
  private List<Span> spans; // null unless recording

  Timeline(LongSupplier nanoseconds) {
    this.clock = nanoseconds;
  }

  /** From now on spans are recorded. */
  public void start() {
    spans = new ArrayList<>();
  }

  /** Ends the recording. */
  public List<Span> stop() {
    if (spans == null) {
      throw new IllegalStateException("not recording");
    }
    List<Span> recorded = List.copyOf(spans);
    spans = null;
    return recorded;
  }

  /**
   * Something begins that goes on beside the host's work.
   *
   * @param name asked for only while recording
   */
  public Flight begin(Track track, Supplier<String> name) {
    if (spans == null) {
      return Flight.UNSEEN;
    }
    String text = name.get();
    long from = clock.getAsLong();
    return () -> add(track, text, from, clock.getAsLong());
  }

  /** Something has ended; forgotten unless recording. */
  void add(Track track, String name, long from, long to) {
    if (spans != null) {
      spans.add(new Span(track, name, from, to));
    }
  }
}
