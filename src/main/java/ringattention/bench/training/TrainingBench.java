package ringattention.bench.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.training.TrainingTable.Subject;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;
import ringattention.plan.MeshRules;
import ringattention.plan.RunRules;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.BenchTable;
import ringattention.report.TimeTable;
import ringattention.run.MemoryConfig;
import ringattention.run.SavedKind;
import ringattention.shard.Mesh;

/**
 * {@code bench training}: a row of seconds and bytes for each length of sequence, or for each kind
 * of what blocks keep, and its checks.
 */
public final class TrainingBench implements Benchmark {
  private final BenchTrainingConfig bench;
  private final int layers;
  private final Mesh mesh;
  private final List<TrainingRow> rows = new ArrayList<>();
  private final BenchTable<TrainingTable.Steps> steps = TrainingTable.ofSteps();
  private final BenchTable<TrainingTable.Rehearsal> rehearsals = TrainingTable.ofRehearsals();

  public TrainingBench(Configuration configuration, int ranks) {
    this.bench = configuration.get(BenchTrainingConfig.SECTION);
    this.layers = configuration.get(ModelConfig.SECTION).layers();
    this.mesh = MeshRules.mesh(configuration, ranks);
    int blocks = bench.forwardBlocks(layers);
    require(
        blocks <= layers,
        configuration,
        "rehearseForward",
        "must be at most model.layers (" + layers + ")");
    require(
        bench.rehearse() <= blocks,
        configuration,
        "rehearse",
        "must be at most the blocks of the forward (" + blocks + ")");
    require(
        bench.deviceGiB().isEmpty() || bench.deviceGiB().size() == bench.tokens().size(),
        configuration,
        "deviceGiB",
        "must have one number for each of benchTraining.tokens");
    for (int row = 0; row < bench.tokens().size(); row++) {
      MemoryConfig room = configuration.get(MemoryConfig.SECTION);
      if (!bench.deviceGiB().isEmpty()) {
        room = room.withDeviceGiB(bench.deviceGiB().get(row));
      }
      int tokens = bench.tokens().get(row);
      if (bench.saved().isEmpty()) {
        add(configuration, tokens, room, tokens + " tokens", ranks);
      }
      for (SavedKind saved : bench.saved()) {
        RunRules.checkSaved(configuration, "benchTraining.saved", saved);
        add(configuration, tokens, room.withSaved(saved), tokens + " tokens, " + saved, ranks);
      }
    }
  }

  private void add(
      Configuration configuration, int tokens, MemoryConfig room, String name, int ranks) {
    Configuration one = Variants.of(configuration, tokens, room);
    rows.add(new TrainingRow(name, TrainingPlan.of(one, ranks)));
  }

  private static void require(boolean good, Configuration input, String key, String what) {
    if (!good) {
      throw input.source().error("benchTraining." + key, what);
    }
  }

  @Override
  public Mesh mesh(int ranks) {
    return mesh;
  }

  @Override
  public List<TrainingRow> rows() {
    return rows;
  }

  @Override
  public int measure(BenchRun run) {
    boolean rehearsal = bench.rehearse() > 0;
    run.say(remark(rehearsal));
    if (rehearsal) {
      run.header(rehearsals, "rehearsals.csv");
    } else {
      run.header(steps, "training.csv");
    }
    for (TrainingRow planned : rows) {
      TrainingRow row = planned.fitted(run);
      if (rehearsal) {
        row.measure(run, TrainingMeasurement::rehearsal)
            .ifPresent(measured -> rehearsal(run, row, measured));
      } else {
        row.measure(run, TrainingMeasurement::steps)
            .ifPresent(measured -> steps(run, row, measured));
      }
    }
    return run.finish(rows.size());
  }

  private String remark(boolean rehearsal) {
    String what =
        rehearsal
            ? "one forward of the last "
                + bench.forwardBlocks(layers)
                + " blocks, then loss head and backward of the last "
                + bench.rehearse()
            : "median of " + bench.steps() + " steps after " + bench.warmup() + " not timed";
    return what + "; every row on a device of its own; memory of the fullest rank";
  }

  private void steps(BenchRun run, TrainingRow row, TrainingMeasurement.Steps measured) {
    TrainingPlan plan = row.plan();
    double stepS = measured.median();
    run.row(
        steps,
        "training.csv",
        new TrainingTable.Steps(
            Subject.of(plan),
            stepS,
            (long) plan.setup().sequence() * plan.configuration().get(TrainConfig.SECTION).batch(),
            plan.hardwareFlops(measured.last().squares()),
            plan.mfu(run.device(), stepS, measured.last().squares()),
            measured.memory().largest(),
            measured.exposedWaitS()));
    String seconds =
        Arrays.stream(measured.seconds())
            .mapToObj(second -> String.format(Locale.ROOT, "%.3f", second))
            .collect(Collectors.joining(", "));
    run.say(
        String.format(
            Locale.ROOT,
            "%s, gradient norm %.2f at step %d; steps: %s s",
            TrainingRow.lossText(measured.loss()),
            measured.last().gradientNorm(),
            measured.last().step(),
            seconds));
    if (run.job().root()) {
      run.output().log().section("Time of step " + measured.last().step() + ", " + row.name());
      run.output().log().rows(new TimeTable(measured.times()).lines());
    }
  }

  private void rehearsal(BenchRun run, TrainingRow row, TrainingMeasurement.Rehearsal measured) {
    run.row(
        rehearsals,
        "rehearsals.csv",
        new TrainingTable.Rehearsal(
            Subject.of(row.plan()),
            bench.forwardBlocks(layers),
            measured.forwardS(),
            bench.rehearse(),
            measured.backwardS(),
            measured.memory().largest()));
    run.say(TrainingRow.lossText(measured.loss()));
  }
}
