package ringattention.run;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import ringattention.device.Device;
import ringattention.device.TimedRange;
import ringattention.metrics.DeviceTimes;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Span;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;
import ringattention.report.TraceFile;

/**
 * Records what every rank does in some work: for the time table of a device that works beside the
 * host, and for option {@code --trace}, which writes it as one {@code trace.json}. Ranks on one
 * host have one clock; clocks of different hosts are set by the barrier before the work.
 */
public final class Trace {
  private static final String FILE = "trace.json";

  private final Job job;
  private final Device device;

  public Trace(Job job, Device device) {
    this.job = job;
    this.device = device;
  }

  /**
   * Work of one rank.
   *
   * @param name of the span around everything, such as {@code step 3}
   * @param start in nanoseconds of the host's clock
   * @param wallS until the device was done
   * @param spans of the device in the order they were closed
   */
  public record Recorded<T>(String name, T result, long start, double wallS, List<Span> spans) {
    /** Time by phase on the device's clock. */
    public PhaseTimes deviceTimes() {
      return DeviceTimes.of(
          spans.stream().filter(span -> span.track() == Track.DEVICE).toList(), wallS);
    }
  }

  /** Does the work, all ranks at once, from an idle device to an idle device. Collective. */
  public <T> Recorded<T> record(String name, Supplier<T> work) {
    Timeline timeline = job.timer().timeline();
    device.startTrace();
    job.world().barrier();
    long start = System.nanoTime();
    timeline.start();
    Timeline.Flight whole = timeline.begin(Track.HOST, () -> name);
    T result = work.get();
    device.synchronize();
    double wallS = (System.nanoTime() - start) * 1e-9;
    List<TimedRange> ranges = device.stopTrace();
    whole.landed();
    List<Span> spans = new ArrayList<>(timeline.stop());
    for (TimedRange range : ranges) {
      spans.add(new Span(Track.DEVICE, range.name(), range.from(), range.to()));
    }
    return new Recorded<>(name, result, start, wallS, spans);
  }

  /** Does the work and writes its trace. Collective. */
  public void of(String name, Runnable work, RunOutput output) {
    write(
        record(
            name,
            () -> {
              work.run();
              return null;
            }),
        output);
  }

  /** Writes what all ranks have recorded. Collective. */
  public void write(Recorded<?> recorded, RunOutput output) {
    String host = job.world().host();
    List<String> hosts = job.gather(host);
    List<Long> starts =
        job.gather(Long.toString(recorded.start())).stream().map(Long::valueOf).toList();
    long zero =
        IntStream.range(0, hosts.size())
            .filter(rank -> hosts.get(rank).equals(host))
            .mapToLong(starts::get)
            .min()
            .orElseThrow();
    String events = new TraceFile().events(job.world().rank(), host, zero, recorded.spans());
    List<byte[]> parts = job.world().gather(events.getBytes(StandardCharsets.UTF_8));
    List<String> all =
        parts.stream().map(part -> new String(part, StandardCharsets.UTF_8)).toList();
    if (output.writeExtra(FILE, TraceFile.of(all))) {
      output.log().line("trace of " + recorded.name() + ": " + FILE);
    }
  }
}
