package ringattention.bench.training;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import ringattention.metrics.Mfu;
import ringattention.plan.TrainingPlan;
import ringattention.report.BenchTable;
import ringattention.report.PeakBytes;

/** The columns of {@code bench training} and mfu; {@code docs/performance.md} derives them. */
public final class TrainingTable {
  /**
   * What is trained, and what its plan chose.
   *
   * @param model name of its sizes but the number of layers
   * @param tokens of one sequence
   * @param saved what blocks keep for the backward
   * @param offload where that waits
   */
  public record Subject(
      String model, int layers, int tokens, int ranks, String saved, String offload) {
    static Subject of(TrainingPlan plan) {
      return new Subject(
          plan.setup().model().name(),
          plan.setup().model().layers(),
          plan.setup().sequence(),
          plan.setup().mesh().world(),
          plan.saved(),
          plan.offload());
    }
  }

  /**
   * Steps of a length.
   *
   * @param stepS of the slowest rank
   * @param tokens of a step, all sequences
   * @param flops of a step over all ranks, in the hardware count; NaN where they are not counted
   * @param mfu empty where no peak is known
   * @param exposedWaitS time of a step that the ring was not hidden, of the rank that waited
   *     longest
   */
  public record Steps(
      Subject subject,
      double stepS,
      long tokens,
      double flops,
      Optional<Mfu> mfu,
      PeakBytes memory,
      double exposedWaitS) {
    private double share(ToDoubleFunction<Mfu> count) {
      return mfu.stream().mapToDouble(count).findFirst().orElse(Double.NaN);
    }
  }

  /**
   * A large batch in one architecture.
   *
   * @param architecture {@code blockwise} or {@code ring}
   * @param microBatches of the batch
   * @param measured of these
   * @param steps with the time of the whole batch
   * @param peak FLOP/s of one rank that {@code mfu} is a share of
   */
  public record Batch(
      String architecture, int microBatches, int measured, Steps steps, double peak) {}

  /**
   * A forward, whole or of the last blocks, and the backward of the last blocks, loss head
   * included; seconds of the slowest rank.
   *
   * @param forwardBlocks that the forward went through
   * @param backwardBlocks that the backward went through
   */
  public record Rehearsal(
      Subject subject,
      int forwardBlocks,
      double forwardS,
      int backwardBlocks,
      double backwardS,
      PeakBytes memory) {}

  private TrainingTable() {}

  /** Returns the table of {@code training.csv}. */
  public static BenchTable<Steps> ofSteps() {
    BenchTable<Steps> table = subject(new BenchTable<>(), Steps::subject);
    return memory(rates(table, row -> row), row -> row)
        .column("hardware_tflop", "TFLOP", "%.5g", row -> row.flops() * 1e-12);
  }

  /** Returns the table of {@code mfu.csv}. */
  public static BenchTable<Batch> ofBatches() {
    BenchTable<Batch> table =
        new BenchTable<Batch>()
            .column("model", "%s", row -> row.steps().subject().model())
            .column("layers", "%d", row -> row.steps().subject().layers())
            .column("architecture", "%s", Batch::architecture)
            .column("ranks", "%d", row -> row.steps().subject().ranks())
            .column("tokens", "%d", row -> row.steps().subject().tokens())
            .column("batch_tokens", "%d", row -> row.steps().tokens())
            .column("micro_batches", "%d", Batch::microBatches)
            .column("micro_batches_measured", "%d", Batch::measured);
    rates(chosen(table, row -> row.steps().subject()), Batch::steps)
        .column("peak_tflops", "TFLOP/s", "%.4g", row -> row.peak() * 1e-12);
    return memory(table, Batch::steps);
  }

  /** Returns the table of {@code rehearsals.csv}. */
  public static BenchTable<Rehearsal> ofRehearsals() {
    return subject(new BenchTable<>(), Rehearsal::subject)
        .column("forward_blocks", "%d", Rehearsal::forwardBlocks)
        .column("forward_s", "s", "%.3f", Rehearsal::forwardS)
        .column("backward_blocks", "%d", Rehearsal::backwardBlocks)
        .column("backward_s", "s", "%.3f", Rehearsal::backwardS)
        .gib("planned_gib", "%.3f", row -> row.memory().planned())
        .gib("peak_gib", "%.3f", row -> row.memory().peak())
        .gib("planned_host_gib", "%.3f", row -> row.memory().plannedHost())
        .gib("peak_host_gib", "%.3f", row -> row.memory().peakHost());
  }

  private static <R> BenchTable<R> subject(BenchTable<R> table, Function<R, Subject> subject) {
    table
        .column("model", "%s", row -> subject.apply(row).model())
        .column("layers", "%d", row -> subject.apply(row).layers())
        .column("tokens", "%d", row -> subject.apply(row).tokens())
        .column("ranks", "%d", row -> subject.apply(row).ranks());
    return chosen(table, subject);
  }

  private static <R> BenchTable<R> chosen(BenchTable<R> table, Function<R, Subject> subject) {
    return table
        .column("saved", "%16s", row -> subject.apply(row).saved())
        .column("offload", "%s", row -> subject.apply(row).offload());
  }

  private static <R> BenchTable<R> rates(BenchTable<R> table, Function<R, Steps> steps) {
    return table
        .column("step_s", "s", "%.3f", row -> steps.apply(row).stepS())
        .column(
            "tokens_per_s",
            "tok/s",
            "%.1f",
            row -> steps.apply(row).tokens() / steps.apply(row).stepS())
        .column("mfu_causal", "%.4f", row -> steps.apply(row).share(Mfu::causalExact))
        .column("mfu_paper", "%.4f", row -> steps.apply(row).share(Mfu::paper))
        .column("mfu_hardware", "%.4f", row -> steps.apply(row).share(Mfu::hardware));
  }

  private static <R> BenchTable<R> memory(BenchTable<R> table, Function<R, Steps> steps) {
    return table
        .gib("planned_gib", "%.3f", row -> steps.apply(row).memory().planned())
        .gib("peak_gib", "%.3f", row -> steps.apply(row).memory().peak())
        .column("exposed_wait_s", "s", "%.4f", row -> steps.apply(row).exposedWaitS());
  }
}
