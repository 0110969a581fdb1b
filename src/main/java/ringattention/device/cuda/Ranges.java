package ringattention.device.cuda;

import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ringattention.device.NamedWork;
import ringattention.device.TimedRange;

/** The ranges of a stream's work, for those who want to see them: a profiler, a trace, or both. */
final class Ranges {
  private static final Logger LOG = LoggerFactory.getLogger(Ranges.class);

  private final Stream stream;
  private Nvtx profiler; // null unless ranges are shown to one
  private TimedRanges trace; // null unless tracing

  Ranges(Stream stream) {
    this.stream = stream;
  }

  /** Opens a range of the work that is enqueued until it is closed. */
  NamedWork open(Supplier<String> name) {
    if (profiler == null && trace == null) {
      return NamedWork.NONE;
    }
    String text = name.get();
    NamedWork shown = profiler == null ? NamedWork.NONE : profiler.range(text);
    NamedWork timed = trace == null ? NamedWork.NONE : trace.open(text);
    return () -> {
      timed.close();
      shown.close();
    };
  }

  void showToProfiler() {
    try {
      profiler = new Nvtx();
    } catch (UnsatisfiedLinkError e) {
      LOG.warn("the profiler gets no ranges: {}", e.getMessage());
    }
  }

  void startTrace() {
    trace = new TimedRanges(stream);
  }

  List<TimedRange> stopTrace() {
    TimedRanges ended = trace;
    trace = null;
    return ended.end();
  }
}
