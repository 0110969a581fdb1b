package ringattention.data;

import java.util.List;
import java.util.Optional;
import ringattention.metrics.TextUnit;

/**
 * What is kept out of several sources, in proportion to what each has: the first sequences of all
 * are as mixed as all are.
 */
final class MixedHeldOut implements HeldOutSamples {
  private final List<DataSources.One> sources;
  private final List<HeldOutSamples> parts;
  private final SourceOrder order;

  private MixedHeldOut(List<DataSources.One> sources, List<HeldOutSamples> parts) {
    this.sources = sources;
    this.parts = parts;
    long[] sequences = parts.stream().mapToLong(HeldOutSamples::sequences).toArray();
    double[] weights = parts.stream().mapToDouble(HeldOutSamples::sequences).toArray();
    this.order = new SourceOrder(weights, sequences);
  }

  /**
   * Reads, and tokenizes, all sources.
   *
   * @throws ringattention.input.InputException if anything of one is wrong
   */
  static MixedHeldOut of(List<DataSources.One> sources, SampleShape shape, HostTokens host) {
    return new MixedHeldOut(
        sources,
        MixedSamples.open(
            sources,
            source ->
                HeldOutCorpus.of(
                    source.configuration(), source.shape(shape), host.part(source.number()))));
  }

  /** Behind the last sequence of all comes padding, as behind that of each. */
  @Override
  public Sample sample(long index) {
    if (index >= order.sequences()) {
      return parts.get(0).sample(parts.get(0).sequences() + index - order.sequences());
    }
    SourceOrder.Place place = order.place(index);
    return parts.get(place.source()).sample(place.index());
  }

  @Override
  public List<String> sourceNames() {
    return sources.stream().map(source -> DataSources.name(source.number())).toList();
  }

  @Override
  public int source(long index) {
    return order.place(index).source();
  }

  @Override
  public long sequences() {
    return order.sequences();
  }

  @Override
  public long labels() {
    return parts.stream().mapToLong(HeldOutSamples::labels).sum();
  }

  @Override
  public Optional<int[]> tokenBytes() {
    return parts.get(0).tokenBytes(); // all have one tokenizer
  }

  @Override
  public TextUnit textUnit() {
    return parts.get(0).textUnit();
  }

  @Override
  public long tokens() {
    return parts.stream().mapToLong(Samples::tokens).sum();
  }

  @Override
  public long documents() {
    return parts.stream().mapToLong(Samples::documents).sum();
  }

  @Override
  public String digest() {
    return MixedSamples.digest(sources, parts);
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
