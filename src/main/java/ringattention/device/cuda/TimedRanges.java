package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventCreate;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventElapsedTime;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUevent_st;
import ringattention.device.Range;
import ringattention.device.TimedRange;

/**
 * Times ranges of a stream by pairs of events. Events tell the time since another event only, so
 * one of them, the base, is recorded while the host looks at its clock. Events' distances are
 * single precision: a microsecond's error after ten seconds.
 */
final class TimedRanges {
  private static final int TRIES = 5;

  private record Pair(String name, CUevent_st from, CUevent_st to) {}

  private final Stream stream;
  private final List<CUevent_st> events = new ArrayList<>();
  private final List<Pair> closed = new ArrayList<>();
  private CUevent_st base;
  private long baseNanoseconds;
  private boolean ended;

  /** Waits for the stream. */
  TimedRanges(Stream stream) {
    this.stream = stream;
    stream.synchronize();
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) { // the event was somewhere between the two looks at the clock
      long before = System.nanoTime();
      CUevent_st event = record();
      Cuda.check(cudaEventSynchronize(event), "base event");
      long took = System.nanoTime() - before;
      if (took < shortest) {
        shortest = took;
        base = event;
        baseNanoseconds = before + took / 2;
      }
    }
  }

  Range open(String name) {
    CUevent_st from = record();
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
    List<TimedRange> times =
        closed.stream()
            .map(pair -> new TimedRange(pair.name(), time(pair.from()), time(pair.to())))
            .toList();
    events.forEach(event -> Cuda.check(cudaEventDestroy(event), "event"));
    return times;
  }

  /** Of the host's clock, when the stream came to this event. */
  private long time(CUevent_st event) {
    float[] milliseconds = new float[1];
    Cuda.check(cudaEventElapsedTime(milliseconds, base, event), "time of an event");
    return baseNanoseconds + Math.round(milliseconds[0] * 1e6);
  }

  private CUevent_st record() {
    CUevent_st event = new CUevent_st();
    Cuda.check(cudaEventCreate(event), "event");
    events.add(event);
    Cuda.check(cudaEventRecord(event, stream.handle()), "event");
    return event;
  }
}
