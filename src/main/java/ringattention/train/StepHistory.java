package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringattention.metrics.Statistics;
import ringattention.report.StepAnswers;
import ringattention.report.StepRecord;

/** The steps that a run's folder knows of, and what they say together. */
public final class StepHistory {
  private final double tokens; // of a step
  private final List<StepRecord> records; // those of the folder before come first
  private final int before; // of the records
  private final List<Double> squares = new ArrayList<>(); // of each step's documents' lengths

  /**
   * @param tokens of a step, over all ranks
   * @param before steps of earlier parts of the run
   */
  StepHistory(double tokens, List<StepRecord> before) {
    this.tokens = tokens;
    this.records = new ArrayList<>(before);
    this.before = before.size();
  }

  /**
   * Adds a step that was made now.
   *
   * @param squaredLengths of its documents, summed up
   */
  void add(StepRecord record, double squaredLengths) {
    records.add(record);
    squares.add(squaredLengths);
  }

  /** All that the folder knows of. */
  public List<StepRecord> records() {
    return records;
  }

  /** Whether there was a step left to do. */
  public boolean trained() {
    return !squares.isEmpty();
  }

  /** Returns how many steps were skipped: their loss or gradient is not finite. */
  public int skipped() {
    return (int) records.stream().filter(StepRecord::isSkipped).count();
  }

  /** Returns how many steps had no label that counts. */
  public int unlabelled() {
    return (int) records.stream().filter(record -> !record.labelled()).count();
  }

  /** Returns the loss of the last step that was not skipped; NaN if there is none. */
  public double lastLoss() {
    return records.stream()
        .filter(StepRecord::isFinite)
        .reduce((earlier, later) -> later)
        .map(StepRecord::loss)
        .orElse(Double.NaN);
  }

  /** Returns the last held-out loss that was measured; empty if none was. */
  public Optional<Double> validationLoss() {
    return records.stream()
        .flatMap(record -> record.validationLoss().stream())
        .reduce((earlier, later) -> later);
  }

  /** Returns the answers of the last step that had questions; empty if none had. */
  public Optional<StepAnswers> lastAnswers() {
    return records.stream()
        .flatMap(record -> record.answers().stream())
        .filter(answers -> !Double.isNaN(answers.exactRate()))
        .reduce((earlier, later) -> later);
  }

  /** Returns whether the last step with labels was skipped. */
  public boolean lastSkipped() {
    return records.stream()
        .filter(StepRecord::labelled)
        .reduce((earlier, later) -> later)
        .map(StepRecord::isSkipped)
        .orElse(false);
  }

  /** Returns whether the run may be used: its final loss is that of its last step with labels. */
  public boolean hasResult() {
    return !lastSkipped() && !Double.isNaN(lastLoss());
  }

  /** Returns whether the folder knows of every step since weights were set, and none was before. */
  public boolean knowsFirst() {
    return !records.isEmpty() && records.get(0).step() == 1;
  }

  /** Tokens of all ranks per second, without the first step. */
  public double rate() {
    return tokens / stepSeconds();
  }

  /** Returns the seconds of the mean step without the first; NaN without any. */
  double stepSeconds() {
    return steady(seconds());
  }

  /** Squared lengths of the documents of the mean step without the first. */
  public double squares() {
    return steady(squares);
  }

  /** Returns the seconds of all steps made now but the first. */
  public double[] steadySeconds() {
    return withoutFirst(seconds());
  }

  /** Seconds that so many percent of those took at most; NaN without any. */
  public double percentile(int percent) {
    double[] steady = steadySeconds();
    return steady.length == 0 ? Double.NaN : Statistics.percentile(percent, steady);
  }

  /** Mean over all steps but the first; NaN without any. */
  private static double steady(List<Double> values) {
    return values.isEmpty() ? Double.NaN : Statistics.of(withoutFirst(values)).mean();
  }

  /** The first step warms up. */
  private static double[] withoutFirst(List<Double> values) {
    return values.stream()
        .skip(values.size() > 1 ? 1 : 0)
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  /**
   * Returns the seconds of the steps made now, if there are any: those before may have had another
   * machine.
   */
  private List<Double> seconds() {
    return records.stream().skip(trained() ? before : 0).map(StepRecord::timeS).toList();
  }
}
