package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import ringattention.data.Sample;
import ringattention.data.Samples;

/** Sequences of three documents, which remember what they were asked for. */
record AskedSamples(List<Long> samples, List<Long> labelled) implements Samples {
  static final int SEQUENCE = 16;
  static final int VOCABULARY = 40;
  private static final int[] DOCUMENTS = {0, 5, 7};

  /** Of the lengths of a sequence's documents. */
  static final double SQUARES = 25 + 4 + 81;

  AskedSamples() {
    this(new ArrayList<>(), new ArrayList<>());
  }

  @Override
  public Sample sample(long index) {
    samples.add(index);
    int[] tokens = new Random(index).ints(SEQUENCE + 1L, 0, VOCABULARY).toArray();
    Sample whole = Sample.consecutive(tokens, 0);
    return new Sample(whole.tokens(), whole.labels(), whole.positions(), DOCUMENTS);
  }

  @Override
  public int labels(long index) {
    labelled.add(index);
    return SEQUENCE;
  }

  @Override
  public long tokens() {
    return SEQUENCE;
  }

  @Override
  public long documents() {
    return 1;
  }

  @Override
  public String digest() {
    return "";
  }

  @Override
  public void close() {}
}
