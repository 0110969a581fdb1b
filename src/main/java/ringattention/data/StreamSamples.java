package ringattention.data;

import java.util.Arrays;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.random.Seed;

/** Sequences at random places of one stream of all documents. */
final class StreamSamples implements Samples {
  private final TokenStream stream;
  private final int length;
  private final int firstPosition;
  private final Seed seed;

  /**
   * @throws InputException if the stream has fewer tokens than a sequence and its last label
   */
  StreamSamples(Configuration configuration, SampleShape shape, TokenStream stream) {
    this.stream = stream;
    this.length = shape.sequence();
    this.firstPosition = configuration.get(DataConfig.SECTION).firstPosition();
    this.seed = Seed.of(shape.seed(), "sequences");
    if (stream.tokens() <= length) {
      throw configuration
          .source()
          .error(
              "data.path",
              "has "
                  + stream.tokens()
                  + " tokens, must have more than train.sequence ("
                  + length
                  + ")");
    }
  }

  @Override
  public Sample sample(long index) {
    int[] entries = stream.entries(start(index), length + 1);
    int[] tokens = Arrays.stream(entries).map(TokenStream::token).toArray();
    Sample all = Sample.consecutive(tokens, firstPosition);
    for (int i = 0; i < length; i++) {
      all.labels()[i] = TokenStream.label(entries[i + 1]);
    }
    return all;
  }

  @Override
  public int labels(long index) {
    return stream.allPredicted() ? length : Samples.super.labels(index);
  }

  private long start(long index) {
    long places = stream.tokens() - length;
    return Long.remainderUnsigned(seed.bits(index), places);
  }

  @Override
  public String text() {
    return stream.text();
  }

  @Override
  public long tokens() {
    return stream.tokens();
  }

  @Override
  public long documents() {
    return stream.documents();
  }

  @Override
  public String digest() {
    return stream.digest();
  }

  @Override
  public CorpusCounts counts() {
    return stream.counts();
  }

  @Override
  public void close() {
    stream.close();
  }
}
