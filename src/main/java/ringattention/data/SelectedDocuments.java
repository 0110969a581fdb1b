package ringattention.data;

import java.util.Arrays;

/** Some documents of a corpus, one after the other. */
final class SelectedDocuments implements TokenDocuments {
  private final TokenDocuments all;
  private final int[] chosen;
  private final int[] lengths; // of those chosen
  private final DocumentStarts from; // of all
  private final DocumentStarts starts; // of those chosen

  /**
   * @param all closed with this
   * @param chosen numbers of documents, ascending
   */
  SelectedDocuments(TokenDocuments all, int... chosen) {
    this.all = all;
    this.chosen = chosen;
    this.lengths = new int[chosen.length];
    Arrays.setAll(lengths, i -> all.lengths()[chosen[i]]);
    this.from = new DocumentStarts(all.lengths());
    this.starts = new DocumentStarts(lengths);
  }

  @Override
  public int[] lengths() {
    return lengths;
  }

  @Override
  public long tokens() {
    return starts.end();
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
    return Digest.of(all.digest(), chosen);
  }

  @Override
  public int[] entries(long start, int count) {
    int[] entries = new int[count];
    int document = starts.place(start);
    long within = start - starts.start(document);
    for (int done = 0; done < count; document++) {
      int piece = (int) Math.min(count - done, lengths[document] - within);
      long at = from.start(chosen[document]) + within;
      System.arraycopy(all.entries(at, piece), 0, entries, done, piece);
      done += piece;
      within = 0;
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
