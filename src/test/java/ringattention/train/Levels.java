package ringattention.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import ringattention.data.Sample;
import ringattention.data.Samples;

/**
 * Questions of several levels: documents of eight tokens whose labels, three in a row and up to
 * their last position, are the same two tokens at one level and others at the next. So each level
 * is learned in some steps, and not known before.
 */
public final class Levels implements Samples {
  public static final int DOCUMENT = 8;
  public static final int ANSWER = 3; // labels

  private final int sequence;
  private final int levels;
  private final List<Integer> told = new ArrayList<>();
  private int level;

  public Levels(int sequence, int levels) {
    this.sequence = sequence;
    this.levels = levels;
  }

  /** Returns the levels that it was told to be of, in order. */
  List<Integer> told() {
    return told;
  }

  @Override
  public Sample sample(long index) {
    Random random = new Random(1000L * level + index);
    int[] tokens = random.ints(sequence, 100, 120).toArray();
    int[] labels = new int[sequence];
    Arrays.fill(labels, Sample.NO_LABEL);
    int[] positions = new int[sequence];
    int[] documents = new int[(sequence + DOCUMENT - 1) / DOCUMENT];
    for (int i = 0; i < sequence; i++) {
      int within = i % DOCUMENT;
      positions[i] = within;
      documents[i / DOCUMENT] = i - within;
      if (within >= DOCUMENT - ANSWER) {
        labels[i] = 10 + 2 * level + within % 2;
        tokens[i] = 50 + within;
      }
    }
    return new Sample(tokens, labels, positions, documents);
  }

  @Override
  public int levels() {
    return levels;
  }

  @Override
  public void level(int now) {
    Samples.super.level(now);
    level = now;
    told.add(now);
  }

  @Override
  public boolean hasQuestions() {
    return true;
  }

  @Override
  public long tokens() {
    return 1000L * sequence;
  }

  @Override
  public long documents() {
    return tokens() / DOCUMENT;
  }

  @Override
  public String digest() {
    return "0123456789abcdef";
  }

  @Override
  public void close() {}
}
