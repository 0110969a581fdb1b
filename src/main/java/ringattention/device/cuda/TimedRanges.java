package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventCreate;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventElapsedTime;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.cuda.cudart.CUevent_st;
import ringattention.device.NamedWork;
import ringattention.device.TimedRange;

/**
 * Times ranges of a stream by pairs of events. Events tell the time since another event only, so
 * one of them, the base, is recorded while the host looks at its clock. Events' distances are
 * single precision, so a later event takes over as soon as it is a second away.
 */
final class TimedRanges {
  private static final int TRIES = 5;
  private static final int MADE_BEFORE = 8192; // events: making one takes longer than recording it
  private static final float FAR = 1000; // milliseconds: half a rounding step is 30 ns there

  /** Numbers of two events. */
  private record Pair(String name, int from, int to) {}

  private final Stream stream;
  private final List<CUevent_st> events = new ArrayList<>(); // in the order of recording
  private final Deque<CUevent_st> spare = new ArrayDeque<>();
  private final List<Pair> closed = new ArrayList<>();
  private int base;
  private long baseNanoseconds;
  private boolean ended;

  /** Waits for the stream. */
  TimedRanges(Stream stream) {
    this.stream = stream;
    for (int i = 0; i < MADE_BEFORE; i++) {
      spare.add(make());
    }
    stream.synchronize();
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) { // the event was somewhere between the two looks at the clock
      long before = System.nanoTime();
      int event = record();
      Cuda.check(cudaEventSynchronize(events.get(event)), "base event");
      long took = System.nanoTime() - before;
      if (took < shortest) {
        shortest = took;
        base = event;
        baseNanoseconds = before + took / 2;
      }
    }
  }

  NamedWork open(String name) {
    int from = record();
    return () -> {
      if (!ended) {
        closed.add(new Pair(name, from, record()));
      }
    };
  }

  /** Waits for the stream. Ranges that are still open are forgotten. */
  List<TimedRange> end() {
    ended = true;
    stream.synchronize();
    long[] times = times();
    spare.addAll(events);
    spare.forEach(event -> Cuda.check(cudaEventDestroy(event), "event"));
    return closed.stream()
        .map(pair -> new TimedRange(pair.name(), times[pair.from()], times[pair.to()]))
        .toList();
  }

  /** Returns times of the host's clock, when the stream came to each event since the base. */
  private long[] times() {
    long[] times = new long[events.size()];
    times[base] = baseNanoseconds;
    int near = base;
    float[] milliseconds = new float[1];
    for (int event = base + 1; event < times.length; event++) {
      Cuda.check(
          cudaEventElapsedTime(milliseconds, events.get(near), events.get(event)),
          "time of an event");
      times[event] = times[near] + Math.round(milliseconds[0] * 1e6);
      if (milliseconds[0] > FAR) {
        near = event;
      }
    }
    return times;
  }

  private static CUevent_st make() {
    CUevent_st event = new CUevent_st();
    Cuda.check(cudaEventCreate(event), "event");
    return event;
  }

  /** The number of an event that is recorded now. */
  private int record() {
    CUevent_st event = spare.isEmpty() ? make() : spare.remove();
    events.add(event);
    Cuda.check(cudaEventRecord(event, stream.handle()), "event");
    return events.size() - 1;
  }
}
