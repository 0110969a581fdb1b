package ringattention.data;

import java.util.Arrays;

/** Some documents of a corpus, one after the other. */
final class SelectedDocuments implements TokenDocuments {
  private final TokenDocuments all;
  private final int[] chosen;
  private final int[] lengths; // of those chosen
  private final long[] from; // where each begins in the corpus
  private final long[] starts; // where each begins here, and the end

  /**
   * @param all closed with this
   * @param chosen numbers of documents, ascending
   */
  SelectedDocuments(TokenDocuments all, int... chosen) {
    this.all = all;
    this.chosen = chosen;
    this.lengths = new int[chosen.length];
    this.from = new long[chosen.length];
    this.starts = new long[chosen.length + 1];
    long at = 0;
    int document = 0;
    for (int i = 0; i < chosen.length; i++) {
      for (; document < chosen[i]; document++) {
        at += all.lengths()[document];
      }
      lengths[i] = all.lengths()[document];
      from[i] = at;
      starts[i + 1] = starts[i] + lengths[i];
    }
  }

  @Override
  public int[] lengths() {
    return lengths;
  }

  @Override
  public long tokens() {
    return starts[chosen.length];
  }

  @Override
  public long documents() {
    return chosen.length;
  }

  @Override
  public boolean allPredicted() {
    return all.allPredicted();
  }

  @Override
  public String digest() {
    return Digest.of(all.digest(), Arrays.toString(chosen));
  }

  @Override
  public int[] entries(long start, int count) {
    int[] entries = new int[count];
    int found = Arrays.binarySearch(starts, start);
    int document = found >= 0 ? found : -found - 2;
    for (int done = 0; done < count; document++) {
      long within = start + done - starts[document];
      int piece = (int) Math.min(count - done, lengths[document] - within);
      System.arraycopy(all.entries(from[document] + within, piece), 0, entries, done, piece);
      done += piece;
    }
    return entries;
  }

  /** Returns those of the whole corpus. */
  @Override
  public CorpusCounts counts() {
    return all.counts();
  }

  @Override
  public void close() {
    all.close();
  }
}
