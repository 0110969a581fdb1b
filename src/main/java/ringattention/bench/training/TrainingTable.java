package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import ringattention.metrics.Mfu;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.PeakBytes;

/**
 * The columns of {@code bench training}; {@code docs/performance.md} derives them.
 *
 * @param <T> what a row is made from
 */
public final class TrainingTable<T> {
  /**
   * What is trained, and what its plan chose.
   *
   * @param model name of its sizes but the number of layers
   * @param tokens of one sequence
   * @param saved what blocks keep for the backward
   * @param offload where that waits
   */
  public record Subject(
      String model, int layers, int tokens, int ranks, String saved, String offload) {}

  /**
   * Measured steps.
   *
   * @param stepS median over the steps of the slowest rank's time
   * @param batch sequences of a step
   * @param mfu empty where no peak is known
   * @param exposedWaitS time of a step that the ring was not hidden, of the rank that waited
   *     longest
   */
  public record Steps(
      Subject subject,
      double stepS,
      int batch,
      Optional<Mfu> mfu,
      PeakBytes memory,
      double exposedWaitS) {
    /** Of all ranks together. */
    public double tokensPerS() {
      return (double) subject.tokens() * batch / stepS;
    }

    private double share(ToDoubleFunction<Mfu> count) {
      return mfu.stream().mapToDouble(count).findFirst().orElse(Double.NaN);
    }
  }

  /**
   * A forward, whole or of the last blocks, and the backward of the last blocks, loss head
   * included.
   *
   * @param forwardBlocks that the forward went through
   * @param forwardS of the slowest rank
   * @param backwardBlocks that the backward went through
   * @param backwardS of the slowest rank
   */
  public record Rehearsal(
      Subject subject,
      int forwardBlocks,
      double forwardS,
      int backwardBlocks,
      double backwardS,
      PeakBytes memory) {}

  private static final double GIB = 1L << 30;

  private record Field<T>(Column column, Function<T, Object> value) {}

  private final List<Field<T>> fields;
  private final BenchTable table;

  private TrainingTable(List<Field<T>> fields) {
    this.fields = List.copyOf(fields);
    this.table = new BenchTable(fields.stream().map(Field::column).toList());
  }

  /** The table of {@code training.csv}. */
  public static TrainingTable<Steps> ofSteps() {
    List<Field<Steps>> fields = fields(Steps::subject);
    add(fields, "step_s", "s", "%.3f", Steps::stepS);
    add(fields, "tokens_per_s", "tok/s", "%.1f", Steps::tokensPerS);
    add(fields, "mfu_causal", "", "%.4f", row -> row.share(Mfu::causalExact));
    add(fields, "mfu_paper", "", "%.4f", row -> row.share(Mfu::paper));
    add(fields, "mfu_hardware", "", "%.4f", row -> row.share(Mfu::hardware));
    addGib(fields, "planned_gib", row -> row.memory().planned());
    addGib(fields, "peak_gib", row -> row.memory().peak());
    add(fields, "exposed_wait_s", "s", "%.4f", Steps::exposedWaitS);
    return new TrainingTable<>(fields);
  }

  /** The table of {@code rehearsals.csv}. */
  public static TrainingTable<Rehearsal> ofRehearsals() {
    List<Field<Rehearsal>> fields = fields(Rehearsal::subject);
    add(fields, "forward_blocks", "", "%d", Rehearsal::forwardBlocks);
    add(fields, "forward_s", "s", "%.3f", Rehearsal::forwardS);
    add(fields, "backward_blocks", "", "%d", Rehearsal::backwardBlocks);
    add(fields, "backward_s", "s", "%.3f", Rehearsal::backwardS);
    addGib(fields, "planned_gib", row -> row.memory().planned());
    addGib(fields, "peak_gib", row -> row.memory().peak());
    addGib(fields, "planned_host_gib", row -> row.memory().plannedHost());
    addGib(fields, "peak_host_gib", row -> row.memory().peakHost());
    return new TrainingTable<>(fields);
  }

  private static <T> List<Field<T>> fields(Function<T, Subject> subject) {
    List<Field<T>> fields = new ArrayList<>();
    add(fields, "model", "", "%s", row -> subject.apply(row).model());
    add(fields, "layers", "", "%d", row -> subject.apply(row).layers());
    add(fields, "tokens", "", "%d", row -> subject.apply(row).tokens());
    add(fields, "ranks", "", "%d", row -> subject.apply(row).ranks());
    add(fields, "saved", "", "%16s", row -> subject.apply(row).saved());
    add(fields, "offload", "", "%s", row -> subject.apply(row).offload());
    return fields;
  }

  private static <T> void add(
      List<Field<T>> fields, String name, String unit, String format, Function<T, Object> value) {
    fields.add(new Field<>(new Column(name, unit, format), value));
  }

  private static <T> void addGib(List<Field<T>> fields, String name, ToLongFunction<T> bytes) {
    add(fields, name, "GiB", "%.3f", row -> bytes.applyAsLong(row) / GIB);
  }

  public List<String> header() {
    return table.header();
  }

  /** Adds a row and returns its line. */
  public String row(T row) {
    return table.row(fields.stream().map(field -> field.value().apply(row)).toArray());
  }

  public String csv() {
    return table.csv();
  }
}
