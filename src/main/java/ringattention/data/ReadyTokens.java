package ringattention.data;

import java.util.Arrays;
import java.util.List;
import ringattention.input.Source;

/**
 * The tokens of files one after the other, read in place, where nothing says which documents they
 * are of: each file counts as one. All are to be predicted.
 */
final class ReadyTokens implements TokenStream {
  private final List<TokenPart> parts;
  private final long[] starts; // of the parts, and the end
  private final int vocabulary;
  private final Source source;
  private final String digest;

  /**
   * @param vocabulary all tokens are below it
   * @param source for errors, which name {@code data.path}
   */
  ReadyTokens(List<TokenPart> parts, int vocabulary, Source source, String digest) {
    this.parts = parts;
    this.starts = new long[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) {
      starts[i + 1] = starts[i] + parts.get(i).tokens();
    }
    this.vocabulary = vocabulary;
    this.source = source;
    this.digest = digest;
  }

  /**
   * Returns some of the files.
   *
   * @param chosen their numbers, ascending
   */
  ReadyTokens only(int... chosen) {
    return new ReadyTokens(
        Arrays.stream(chosen).mapToObj(parts::get).toList(),
        vocabulary,
        source,
        Digest.of(digest, chosen));
  }

  @Override
  public long tokens() {
    return starts[parts.size()];
  }

  @Override
  public long documents() {
    return parts.size();
  }

  @Override
  public boolean allPredicted() {
    return true;
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public int[] entries(long start, int count) {
    if (start < 0 || count < 0 || start + count > tokens()) {
      throw new IndexOutOfBoundsException(count + " tokens at " + start + " of " + tokens());
    }
    int[] entries = new int[count];
    int found = Arrays.binarySearch(starts, start);
    int part = found >= 0 ? found : -found - 2;
    for (int done = 0; done < count; part++) {
      long within = start + done - starts[part];
      int piece = (int) Math.min(count - done, parts.get(part).tokens() - within);
      parts.get(part).read(within, piece, entries, done, vocabulary, source);
      done += piece;
    }
    return entries;
  }

  @Override
  public CorpusCounts counts() {
    return CorpusCounts.NONE.withPredicted(tokens() - documents(), documents());
  }

  @Override
  public void close() {} // files are open only while they are read
}
