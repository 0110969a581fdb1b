package ringattention.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import ringattention.metrics.LossUnit;
import ringattention.metrics.TextUnit;

/**
 * Losses of labels, summed in double by their position: by how many tokens of its document a
 * prediction has seen. Positions go in buckets by powers of two: 0 to 1, 2 to 3, 4 to 7, ...
 *
 * @param buckets up to the last that has a label
 * @param knowsBytes whether the bytes, or what else text is measured in, of labels are known
 * @param answers to the questions of the corpus; empty if it has none
 * @param sources that it comes from; none where it is one
 * @param unit of losses: perplexity, bits and accuracy are there in nats only
 * @param text what is counted as bytes
 */
public record LossByPosition(
    List<Bucket> buckets,
    boolean knowsBytes,
    Optional<Answers> answers,
    List<OfSource> sources,
    LossUnit unit,
    TextUnit text) {
  private static final int BUCKETS = 31; // positions are below 2^31
  private static final int VALUES = 4; // of a bucket

  /**
   * Labels of neighbouring positions.
   *
   * @param from first position
   * @param to last position
   * @param labels that count
   * @param total sum of their losses
   * @param hits labels that were the greedy prediction
   * @param bytes of text that the labels stand for
   */
  public record Bucket(int from, int to, long labels, double total, long hits, long bytes) {
    /** Returns the mean loss of a label; NaN without labels. */
    public double loss() {
      return total / labels;
    }

    /** Returns the share of labels that were the greedy prediction; NaN without labels. */
    public double accuracy() {
      return (double) hits / labels;
    }
  }

  /**
   * Labels of one of several sources.
   *
   * @param name such as {@code source 1}
   * @param labels that count
   * @param total sum of their losses
   */
  public record OfSource(String name, long labels, double total) {
    /** Returns the mean loss of a label; NaN without labels. */
    public double loss() {
      return total / labels;
    }
  }

  public LossByPosition {
    buckets = List.copyOf(buckets);
    sources = List.copyOf(sources);
  }

  /** Losses of tokens of a corpus that is one. */
  public LossByPosition(List<Bucket> buckets, boolean knowsBytes, Optional<Answers> answers) {
    this(buckets, knowsBytes, answers, List.of(), LossUnit.NATS, TextUnit.BYTE);
  }

  /** Returns the same with what each source has of it. */
  LossByPosition with(List<OfSource> parts) {
    return new LossByPosition(buckets, knowsBytes, answers, parts, unit, text);
  }

  /** Returns the same, of losses in this unit, of texts that are measured so. */
  LossByPosition in(LossUnit other, TextUnit by) {
    return new LossByPosition(buckets, knowsBytes, answers, sources, other, by);
  }

  /** Sums of one rank, or of all. */
  static final class Sums {
    private final double[] values = new double[BUCKETS * VALUES];

    void add(int position, double loss, double hit, int bytes) {
      int first = bucket(position) * VALUES;
      values[first]++;
      values[first + 1] += loss;
      values[first + 2] += hit;
      values[first + 3] += bytes;
    }

    /** Returns the numbers to be summed over ranks; counts are exact up to 2^53. */
    double[] values() {
      return values;
    }
  }

  /**
   * @param values of {@link Sums}, of all ranks
   */
  static LossByPosition of(double[] values, boolean knowsBytes) {
    return of(values, knowsBytes, Optional.empty());
  }

  /**
   * @param values of {@link Sums}, of all ranks
   */
  static LossByPosition of(double[] values, boolean knowsBytes, Optional<Answers> answers) {
    List<Bucket> buckets = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      int at = i * VALUES;
      int from = i == 0 ? 0 : 1 << i;
      int to = (int) ((2L << i) - 1);
      buckets.add(
          new Bucket(
              from,
              to,
              (long) values[at],
              values[at + 1],
              (long) values[at + 2],
              (long) values[at + 3]));
    }
    while (!buckets.isEmpty() && buckets.get(buckets.size() - 1).labels() == 0) {
      buckets.remove(buckets.size() - 1);
    }
    return new LossByPosition(buckets, knowsBytes, answers);
  }

  /** Returns the bucket of a position. */
  static int bucket(int position) {
    return position < 2 ? 0 : Integer.SIZE - 1 - Integer.numberOfLeadingZeros(position);
  }

  public long labels() {
    return (long) sum(Bucket::labels);
  }

  /** Returns the sum of all losses. */
  public double total() {
    return sum(Bucket::total);
  }

  /** Returns the mean loss of a label; NaN without labels. */
  public double loss() {
    return total() / labels();
  }

  /** Returns the exponential of the mean loss. */
  public double perplexity() {
    return Math.exp(loss());
  }

  /** Returns the share of labels that were the greedy prediction. */
  public double accuracy() {
    return sum(Bucket::hits) / labels();
  }

  /** Returns the bytes of text that the labels stand for. */
  public long bytes() {
    return (long) sum(Bucket::bytes);
  }

  /** Returns the sum of all losses in bits by {@link #text}; empty where that is not known. */
  public OptionalDouble bits() {
    return knowsBytes && bytes() > 0
        ? OptionalDouble.of(total() / Math.log(2) / bytes())
        : OptionalDouble.empty();
  }

  /** Returns the same as text for the log. */
  public Optional<String> bitsText() {
    return bits().isPresent()
        ? Optional.of(String.format(Locale.ROOT, "%.4f bits per %s", bits().getAsDouble(), text))
        : Optional.empty();
  }

  /** Returns the mean loss of each source by its name; NaN without labels. */
  public Map<String, Object> bySource() {
    Map<String, Object> losses = new LinkedHashMap<>();
    sources.forEach(source -> losses.put(source.name(), source.loss()));
    return losses;
  }

  /** Returns the same as text for the log. */
  public String sourcesText() {
    return sources.stream()
        .map(source -> String.format(Locale.ROOT, "%s %.4f", source.name(), source.loss()))
        .collect(Collectors.joining(", "));
  }

  private double sum(ToDoubleFunction<Bucket> value) {
    double sum = 0;
    for (Bucket bucket : buckets) {
      sum += value.applyAsDouble(bucket);
    }
    return sum;
  }
}
