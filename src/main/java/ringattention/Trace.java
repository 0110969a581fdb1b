package ringattention;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import ringattention.device.Device;
import ringattention.device.TimedRange;
import ringattention.metrics.Span;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;
import ringattention.report.TraceFile;

/**
 * Option {@code --trace}: records what every rank does in some work, and writes it as one {@code
 * trace.json}. Ranks on one host have one clock; clocks of different hosts are set by the barrier
 * before the work.
 */
final class Trace {
  private static final String FILE = "trace.json";

  private final Job job;
  private final Device device;
  private final RunOutput output;

  Trace(Job job, Device device, RunOutput output) {
    this.job = job;
    this.device = device;
    this.output = output;
  }

  /**
   * Does the work and writes its trace. Collective.
   *
   * @param name of the span around everything, such as {@code step 3}
   */
  <T> T of(String name, Supplier<T> work) {
    Timeline timeline = job.timer().timeline();
    device.startTrace();
    job.world().barrier();
    long start = System.nanoTime();
    timeline.start();
    Timeline.Flight whole = timeline.begin(Track.HOST, () -> name);
    T result = work.get();
    List<TimedRange> ranges = device.stopTrace();
    whole.landed();
    List<Span> spans = new ArrayList<>(timeline.stop());
    for (TimedRange range : ranges) {
      spans.add(new Span(Track.DEVICE, range.name(), range.from(), range.to()));
    }
    write(start, spans);
    output.log().line("trace of " + name + ": " + FILE);
    return result;
  }

  /** As {@link #of(String, Supplier)}. */
  void of(String name, Runnable work) {
    of(
        name,
        () -> {
          work.run();
          return null;
        });
  }

  private void write(long start, List<Span> spans) {
    String host = job.world().host();
    List<String> hosts = job.gather(host);
    List<Long> starts = job.gather(Long.toString(start)).stream().map(Long::valueOf).toList();
    long zero =
        IntStream.range(0, hosts.size())
            .filter(rank -> hosts.get(rank).equals(host))
            .mapToLong(starts::get)
            .min()
            .orElseThrow();
    String events = new TraceFile().events(job.world().rank(), host, zero, spans);
    List<byte[]> parts = job.world().gather(events.getBytes(StandardCharsets.UTF_8));
    output.write(
        FILE,
        TraceFile.of(
            parts.stream().map(part -> new String(part, StandardCharsets.UTF_8)).toList()));
  }
}
