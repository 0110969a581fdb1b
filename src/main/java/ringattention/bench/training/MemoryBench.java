package ringattention.bench.training;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.input.Configuration;
import ringattention.model.Architecture;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.BenchTable;
import ringattention.report.PeakBytes;
import ringattention.report.Plots;
import ringattention.report.Units;
import ringattention.run.MemoryConfig;
import ringattention.run.OffloadKind;
import ringattention.run.SavedKind;

/**
 * {@code bench memory}: the peak of a training step for each architecture and length, for further
 * blocks of the feed-forward and further sizes of the ring at the longest, beside what was planned:
 * the plan's growth is that of table 1 of the paper.
 */
public final class MemoryBench implements Benchmark {
  /**
   * One row to be.
   *
   * @param ring ranks that share a sequence
   */
  private record Step(Architecture architecture, int ring, TrainingRow row) {
    private int tokens() {
      return row.plan().setup().sequence();
    }
  }

  /**
   * One measured step.
   *
   * @param feedForwardBlock tokens
   * @param peak of the ranks that hold most
   */
  private record Row(Step step, int blockTokens, int feedForwardBlock, PeakBytes peak) {}

  private final BenchMemoryConfig bench;
  private final List<Step> steps = new ArrayList<>();
  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("architecture", "%16s", row -> row.step().architecture())
          .column("ranks", "%d", row -> row.step().ring())
          .column("tokens", "%d", row -> row.step().tokens())
          .column("block_tokens", "%d", Row::blockTokens)
          .column("feed_forward_block", "tokens", "%d", Row::feedForwardBlock)
          .column("layers", "%d", row -> row.step().row().plan().setup().model().layers())
          .column("peak_bytes", "B", "%12d", row -> row.peak().peak())
          .column("planned_bytes", "B", "%12d", row -> row.peak().planned());

  public MemoryBench(Configuration configuration, int ranks) {
    this.bench = configuration.get(BenchMemoryConfig.SECTION);
    MemoryConfig memory = configuration.get(MemoryConfig.SECTION);
    MemoryConfig fixed =
        new MemoryConfig(
            SavedKind.INPUTS, OffloadKind.NONE, 1, memory.deviceGiB(), memory.hostGiB());
    Configuration base = configuration.with(MemoryConfig.SECTION, fixed);
    int firstBlock = bench.feedForwardBlocks().get(0);
    for (Architecture architecture : bench.architectures()) {
      for (int tokens : bench.tokens(architecture)) {
        boolean longest = tokens == bench.longest();
        boolean furtherBlocks = longest && architecture == Architecture.BLOCKWISE;
        for (int block : furtherBlocks ? bench.feedForwardBlocks() : List.of(firstBlock)) {
          for (int ring : rings(architecture, longest, ranks)) {
            Configuration one =
                Variants.withFeedForwardBlock(
                    Variants.withRings(
                        Variants.of(base, architecture, tokens, 1, ranks), ring, tokens, ranks),
                    block);
            steps.add(step(architecture, ring, TrainingPlan.of(one, ranks)));
          }
        }
      }
    }
  }

  private static Step step(Architecture architecture, int ring, TrainingPlan plan) {
    String name =
        architecture
            + ", "
            + plan.setup().sequence()
            + " tokens, "
            + (ring == 1 ? "1 rank" : ring + " ranks");
    return new Step(architecture, ring, new TrainingRow(name, plan));
  }

  /** Sizes of the ring to measure; they divide the ranks. */
  private static List<Integer> rings(Architecture architecture, boolean longest, int ranks) {
    if (architecture != Architecture.RING) {
      return List.of(1);
    }
    int least = longest ? 1 : ranks;
    return IntStream.rangeClosed(least, ranks).filter(ring -> ranks % ring == 0).boxed().toList();
  }

  @Override
  public List<TrainingRow> rows() {
    return steps.stream().map(Step::row).toList();
  }

  @Override
  public void plan(BenchRun run) {
    for (TrainingRow row : rows()) {
      long planned = row.plan().needs().of(row.plan().needs().fullestRank(), run.device()).bytes();
      run.say(row.name() + ": " + Units.bytes(planned));
    }
  }

  @Override
  public int measure(BenchRun run) {
    run.say(
        "peak of one training step, every row on a device of its own; blocks keep their inputs,"
            + " on the device; attention takes all heads at once; bytes of the fullest rank");
    run.header(table, "memory.csv");
    for (Step step : steps) {
      TrainingRow row = step.row().fitted(run);
      row.measure(run, TrainingMeasurement::step)
          .ifPresent(
              measured -> {
                var shape = row.plan().setup().shape(row.plan().needs().fullestRank());
                PeakBytes peak = measured.memory().largest();
                run.row(
                    table,
                    "memory.csv",
                    new Row(step, shape.tokens(), shape.feedForwardBlock(), peak));
              });
    }
    run.output().plot("memory", () -> plot(run.ranks()));
    return run.finish(table.rows().size());
  }

  /** Length of a sequence to peak bytes, in the largest rings with the first block. */
  private byte[] plot(int ranks) {
    List<Plots.Series> lines = new ArrayList<>();
    for (Architecture architecture : bench.architectures()) {
      int ring = architecture == Architecture.RING ? ranks : 1;
      Set<Integer> lengths = new LinkedHashSet<>();
      List<Row> rows =
          table.rows().stream()
              .filter(row -> row.step().architecture() == architecture)
              .filter(row -> row.step().ring() == ring && lengths.add(row.step().tokens()))
              .toList();
      lines.add(
          new Plots.Series(
              architecture.title(),
              rows.stream().mapToDouble(row -> row.step().tokens()).toArray(),
              rows.stream().mapToDouble(row -> row.peak().peak()).toArray()));
    }
    return Plots.lines(
        "Peak of a training step on one of " + ranks + " ranks",
        new Plots.Axis("tokens of a sequence", true),
        new Plots.Axis("bytes", true),
        lines);
  }
}
