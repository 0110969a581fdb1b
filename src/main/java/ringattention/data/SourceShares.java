package ringattention.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import ringattention.input.InputException;

/** What every source of a corpus has, and what a run takes of it. */
public final class SourceShares {
  /**
   * What a source has.
   *
   * @param documents that are learned from
   * @param tokens of them
   * @param epochTokens tokens of the sequences of one epoch, padding included
   */
  public record Size(long documents, long tokens, long epochTokens) {
    static Size of(Samples samples) {
      return new Size(samples.documents(), samples.tokens(), samples.epochTokens());
    }
  }

  private final List<DataSources.One> sources;
  private final List<Size> sizes;
  private final int length;
  private final long[] limits; // whole sequences that a source gives
  private final SourceOrder order;

  /**
   * @param sizes of each source
   * @param length tokens of a sequence
   * @throws InputException if the limit of a source is below one sequence
   */
  public SourceShares(List<DataSources.One> sources, List<Size> sizes, int length) {
    this.sources = List.copyOf(sources);
    this.sizes = List.copyOf(sizes);
    this.length = length;
    double[] weights = new double[sources.size()];
    this.limits = new long[sources.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = sources.get(i).source().weight();
      limits[i] = limit(sources.get(i), sizes.get(i));
    }
    this.order = new SourceOrder(weights, limits);
  }

  /** Returns how many whole sequences a source gives. */
  private long limit(DataSources.One source, Size size) {
    double epochs = source.source().epochs();
    if (epochs == 0) {
      return Long.MAX_VALUE;
    }
    long limit = (long) (epochs * size.epochTokens() / length);
    if (limit == 0) {
      throw source
          .configuration()
          .source()
          .error(
              source.key("epochs"),
              "is less than one sequence: an epoch has "
                  + size.epochTokens()
                  + " tokens, train.sequence is "
                  + length);
    }
    return limit;
  }

  SourceOrder order() {
    return order;
  }

  /**
   * Demands as many sequences as a run takes.
   *
   * @throws InputException if all sources end before
   */
  void require(long sequences) {
    if (sequences > order.sequences()) {
      DataSources.One first = sources.get(0);
      throw first
          .configuration()
          .source()
          .error(
              first.key("epochs"),
              "the sources end after "
                  + order.sequences()
                  + " sequences, the run takes "
                  + sequences
                  + ": one needs more epochs, or 0 for no limit");
    }
  }

  /**
   * Returns a table: of each source its tokens, weight, and what a run takes of it.
   *
   * @param sequences of the run
   */
  public List<String> table(long sequences) {
    double all = sources.stream().mapToDouble(source -> source.source().weight()).sum();
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            "%-9s %9s %13s %7s %7s %13s %8s %6s  %s",
            "source",
            "documents",
            "tokens",
            "weight",
            "share",
            "run's tokens",
            "epochs",
            "limit",
            "path"));
    for (int i = 0; i < sources.size(); i++) {
      DataSource source = sources.get(i).source();
      long taken = order.taken(i, sequences);
      boolean limited = source.epochs() > 0;
      boolean ends = limited && taken == limits[i];
      lines.add(
          String.format(
              Locale.ROOT,
              "source %-2d %9d %13d %7s %6.2f%% %13d %8.3f %6s  %s",
              sources.get(i).number(),
              sizes.get(i).documents(),
              sizes.get(i).tokens(),
              text(source.weight()),
              100 * source.weight() / all,
              taken * length,
              (double) taken * length / sizes.get(i).epochTokens(),
              limited ? text(source.epochs()) : "none",
              source.path() + (ends ? " (ends)" : "")));
    }
    return lines;
  }

  /** Returns a number without zeros behind its point. */
  private static String text(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
