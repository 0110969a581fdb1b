package ringattention.data;

import ringattention.input.InputException;

/** The tokens of all documents, one after the other. */
interface TokenStream extends AutoCloseable {
  /** Number of tokens. */
  long tokens();

  /** Number of documents. */
  long documents();

  /** Returns what there is, for the log. */
  default String text() {
    return documents() + " documents with " + tokens() + " tokens";
  }

  /** Whether every token is to be predicted. */
  boolean allPredicted();

  /**
   * Returns the SHA-256, in hexadecimal digits, of the tokens, which of them are to be predicted,
   * and where documents begin.
   *
   * @throws InputException if a file can no longer be read
   */
  String digest();

  /**
   * Tokens [start, start + count); one that is not to be predicted as its complement, {@code
   * ~token}, which is negative.
   */
  int[] entries(long start, int count);

  /** The token of an entry. */
  static int token(int entry) {
    return entry < 0 ? ~entry : entry;
  }

  /** The label that an entry is to the token before it. */
  static int label(int entry) {
    return entry < 0 ? Sample.NO_LABEL : entry;
  }

  /** Returns what was counted when the corpus was tokenized. */
  default CorpusCounts counts() {
    return CorpusCounts.NONE;
  }

  @Override
  void close();
}
