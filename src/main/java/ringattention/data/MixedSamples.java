package ringattention.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The sequences of several sources, each wholly of one: which one says {@link SourceOrder}. A
 * source's sequences are those that it would have alone, one after the other.
 */
final class MixedSamples implements Samples {
  private final List<DataSources.One> sources;
  private final List<Samples> parts;
  private final SourceShares shares;

  private MixedSamples(List<DataSources.One> sources, List<Samples> parts, SampleShape shape) {
    this.sources = sources;
    this.parts = parts;
    this.shares =
        new SourceShares(
            sources, parts.stream().map(SourceShares.Size::of).toList(), shape.sequence());
  }

  /**
   * Reads, and tokenizes, all sources.
   *
   * @throws ringattention.input.InputException if anything of one is wrong
   */
  static MixedSamples of(List<DataSources.One> sources, SampleShape shape, HostTokens host) {
    List<Samples> parts =
        open(
            sources,
            source ->
                Corpus.samples(
                    source.configuration(), source.shape(shape), host.part(source.number())));
    try {
      return new MixedSamples(sources, parts, shape);
    } catch (RuntimeException e) {
      parts.forEach(Samples::close);
      throw e;
    }
  }

  /** Opens every source; none stays open if one cannot be. */
  static <T extends Samples> List<T> open(
      List<DataSources.One> sources, Function<DataSources.One, T> opener) {
    List<T> parts = new ArrayList<>();
    try {
      for (DataSources.One source : sources) {
        parts.add(opener.apply(source));
      }
      return parts;
    } catch (RuntimeException e) {
      parts.forEach(Samples::close);
      throw e;
    }
  }

  /** Returns a digest of what sources have and of what is taken of them. */
  static String digest(List<DataSources.One> sources, List<? extends Samples> parts) {
    List<String> all = new ArrayList<>(List.of("sources"));
    for (int i = 0; i < parts.size(); i++) {
      all.add(digest(sources.get(i), parts.get(i)));
    }
    return Digest.of(all.toArray(String[]::new));
  }

  private static String digest(DataSources.One source, Samples part) {
    DataSource all = source.source();
    return Digest.of(
        part.digest(), "weight " + all.weight(), "epochs " + all.epochs(), "" + source.number());
  }

  @Override
  public Sample sample(long index) {
    SourceOrder.Place place = place(index);
    return parts.get(place.source()).sample(place.index());
  }

  @Override
  public int labels(long index) {
    SourceOrder.Place place = place(index);
    return parts.get(place.source()).labels(place.index());
  }

  private SourceOrder.Place place(long index) {
    shares.require(index + 1);
    return shares.order().place(index);
  }

  @Override
  public void require(long sequences) {
    shares.require(sequences);
  }

  @Override
  public List<String> sources(long sequences) {
    return shares.table(sequences);
  }

  @Override
  public String text() {
    return parts.size()
        + (parts.size() == 1 ? " source, " : " sources, ")
        + documents()
        + " documents with "
        + tokens()
        + " tokens";
  }

  @Override
  public long tokens() {
    return parts.stream().mapToLong(Samples::tokens).sum();
  }

  @Override
  public long epochTokens() {
    return parts.stream().mapToLong(Samples::epochTokens).sum();
  }

  @Override
  public long documents() {
    return parts.stream().mapToLong(Samples::documents).sum();
  }

  @Override
  public String digest() {
    return digest(sources, parts);
  }

  @Override
  public Map<String, String> digests() {
    Map<String, String> all = new LinkedHashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      all.put(DataSources.name(sources.get(i).number()), digest(sources.get(i), parts.get(i)));
    }
    return all;
  }

  @Override
  public CorpusCounts counts() {
    return CorpusCounts.sum(parts.stream().map(Samples::counts).toList());
  }

  @Override
  public void close() {
    parts.forEach(Samples::close);
  }
}
