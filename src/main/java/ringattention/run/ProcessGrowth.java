package ringattention.run;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.report.Check;

/**
 * Whether the processes of a long run grow: their sizes at every hundredth step, of all ranks. On
 * rank 0; the other ranks only send.
 */
public final class ProcessGrowth {
  private static final String MEMORY = "process memory is flat";
  private static final String TOUCHED = "-XX:+AlwaysPreTouch";
  private static final int EVERY = 100; // steps
  private static final int WARM = 500; // steps until caches are full and code is compiled
  private static final int LONG_RUN = 1000; // steps
  private static final double TOLERANCE = 0.02;
  private static final int SAMPLES = 5; // a checkpoint on its way holds files open

  /** The sizes of every rank, after so many steps of this process. */
  record Sample(long step, List<ProcessSize> ranks) {}

  private final Job job;
  private final RunOutput output;
  private final long start; // steps taken before this process
  private final List<Sample> samples = new ArrayList<>();

  public ProcessGrowth(Job job, RunOutput output, long start) {
    this.job = job;
    this.output = output;
    this.start = start;
  }

  /** To be called after every step. Collective where it looks. */
  public void afterStep(long step, long lastStep) {
    if ((step - start) % EVERY != 0 && step != lastStep) {
      return;
    }
    ProcessSize own = ProcessSize.now();
    List<ProcessSize> ranks =
        job.world().gather(new double[] {own.residentBytes(), own.openFiles()}).stream()
            .map(size -> new ProcessSize((long) size[0], (long) size[1]))
            .toList();
    if (ranks.isEmpty()) {
      return; // not rank 0
    }
    samples.add(new Sample(step - start, ranks));
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("step", step);
    event.put("resident_bytes", ranks.stream().map(ProcessSize::residentBytes).toList());
    event.put("open_files", ranks.stream().map(ProcessSize::openFiles).toList());
    output.event("process", event);
  }

  /** Two checks of a run with many steps, none of a shorter one. */
  public List<Check> checks() {
    return checks(samples, fixedHeap());
  }

  /**
   * Whether the heap holds all its memory from the start, so that growth is that of the program.
   */
  private static boolean fixedHeap() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() == runtime.maxMemory()
        && ManagementFactory.getRuntimeMXBean().getInputArguments().contains(TOUCHED);
  }

  public static List<Check> checks(List<Sample> samples, boolean fixedHeap) {
    List<Sample> warm = samples.stream().filter(sample -> sample.step() >= WARM).toList();
    if (warm.isEmpty() || samples.get(samples.size() - 1).step() <= LONG_RUN) {
      return List.of();
    }
    List<ProcessSize> before = warm.get(0).ranks();
    List<ProcessSize> after = warm.get(warm.size() - 1).ranks();
    int worst = 0;
    double growth = Double.NEGATIVE_INFINITY;
    long files = Long.MIN_VALUE;
    for (int rank = 0; rank < before.size(); rank++) {
      double of = (double) after.get(rank).residentBytes() / before.get(rank).residentBytes() - 1;
      if (!(of <= growth)) {
        growth = of;
        worst = rank;
      }
      files = Math.max(files, fewest(warm, rank, true) - fewest(warm, rank, false));
    }
    Map<String, Double> details = new LinkedHashMap<>();
    details.put("rank", (double) worst);
    details.put("resident bytes after warm-up", (double) before.get(worst).residentBytes());
    details.put("resident bytes at the end", (double) after.get(worst).residentBytes());
    Check memory =
        fixedHeap
            ? Check.atMost(
                MEMORY,
                growth,
                TOLERANCE,
                "max over ranks of resident memory after the last step / after "
                    + WARM
                    + " steps of the process, less 1",
                details)
            : Check.notChecked(
                MEMORY,
                String.format(
                    Locale.ROOT,
                    "grew by %.1f%% after %d steps, which a heap that is not fixed may (docs/runs.md)",
                    100 * growth,
                    WARM));
    return List.of(
        memory,
        Check.atMost(
            "open files are flat",
            files,
            0,
            "max over ranks of files open in the end less those after " + WARM + " steps",
            Map.of()));
  }

  /** Returns the smallest size of the first samples, or of the last. */
  private static long fewest(List<Sample> samples, int rank, boolean last) {
    int from = last ? Math.max(0, samples.size() - SAMPLES) : 0;
    int to = last ? samples.size() : Math.min(SAMPLES, samples.size());
    return samples.subList(from, to).stream()
        .mapToLong(sample -> sample.ranks().get(rank).openFiles())
        .min()
        .orElseThrow();
  }
}
