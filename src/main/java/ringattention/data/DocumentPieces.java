package ringattention.data;

import java.util.Arrays;

/** Puts parts of documents into sequences. */
final class DocumentPieces {
  private final TokenDocuments corpus;
  private final int padding;
  private final int firstPosition;
  private final DocumentStarts starts; // of the documents in the corpus
  private final int[] padded; // their lengths in a sequence, [documents]

  /**
   * @param padding the token that documents are padded with
   * @param multiple tokens that every document's length in a sequence is a multiple of
   */
  DocumentPieces(TokenDocuments corpus, int padding, int multiple, int firstPosition) {
    this.corpus = corpus;
    this.padding = padding;
    this.firstPosition = firstPosition;
    int[] lengths = corpus.lengths();
    this.starts = new DocumentStarts(lengths);
    this.padded =
        multiple == 1
            ? lengths // which are not copied: there may be many
            : Arrays.stream(lengths).map(tokens -> padded(tokens, multiple)).toArray();
  }

  /** Returns the length in a sequence of a document of so many tokens. */
  static int padded(int tokens, int multiple) {
    return Math.multiplyExact((tokens - 1) / multiple + 1, multiple);
  }

  /** Returns the lengths of documents in a sequence, padding included; not to be changed. */
  int[] padded() {
    return padded;
  }

  /** Puts tokens [from, from + count) of a document to the place {@code at} of a sample. */
  void put(int document, int from, int count, Sample to, int at) {
    int left = Math.max(0, corpus.lengths()[document] - from); // without padding
    int tokens = Math.min(count, left);
    // one more than the piece has, if the document has it: the label of the last
    int[] entries =
        tokens == 0
            ? new int[0]
            : corpus.entries(starts.start(document) + from, Math.min(left, tokens + 1));
    for (int i = 0; i < count; i++) {
      to.tokens()[at + i] = i < tokens ? TokenStream.token(entries[i]) : padding;
      to.labels()[at + i] =
          i + 1 < entries.length ? TokenStream.label(entries[i + 1]) : Sample.NO_LABEL;
      to.positions()[at + i] = firstPosition + i;
    }
  }

  /** Puts tokens that are no document's, and have no labels. */
  void pad(int count, Sample to, int at) {
    for (int i = 0; i < count; i++) {
      to.tokens()[at + i] = padding;
      to.labels()[at + i] = Sample.NO_LABEL;
      to.positions()[at + i] = firstPosition + i;
    }
  }
}
