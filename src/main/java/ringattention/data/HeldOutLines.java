package ringattention.data;

import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import ringattention.input.Configuration;

/**
 * Tasks of line retrieval that training does not see, each as long as a sequence: the last level,
 * from a stream of their own.
 */
final class HeldOutLines implements HeldOutSamples {
  private final LineSamples samples;
  private final long sequences;

  /**
   * @throws ringattention.input.InputException if it is not said how many, or anything of section
   *     {@code [lines]} is wrong
   */
  HeldOutLines(Configuration configuration, SampleShape shape) {
    this.sequences = configuration.get(ValidationConfig.SECTION).sequences();
    if (sequences == 0) {
      throw configuration
          .source()
          .error(
              "validation.sequences",
              "must be at least 1 with data.format = \"lines\", which has no end");
    }
    this.samples = new LineSamples(configuration, shape, "evaluation");
    samples.level(samples.levels() - 1);
  }

  @Override
  public boolean hasQuestions() {
    return true;
  }

  @Override
  public long sequences() {
    return sequences;
  }

  @Override
  public Sample sample(long index) {
    return index < sequences ? samples.sample(index) : samples.sample(List.of());
  }

  @Override
  public int labels(long index) {
    return index < sequences ? samples.labels(index) : 0;
  }

  @Override
  public long labels() {
    return LongStream.range(0, sequences).map(samples::labels).sum();
  }

  @Override
  public Optional<int[]> tokenBytes() {
    return Optional.empty();
  }

  @Override
  public long tokens() {
    return LongStream.range(0, sequences).map(samples::tokens).sum();
  }

  @Override
  public long documents() {
    return sequences;
  }

  @Override
  public String digest() {
    return Digest.of(samples.digest(), "sequences " + sequences);
  }

  @Override
  public void close() {
    samples.close();
  }
}
