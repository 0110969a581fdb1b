package ringattention.data;

import java.util.Arrays;

/** A stream of tokens that knows where its documents begin. */
interface TokenDocuments extends TokenStream {
  int PIECE = 1 << 16; // entries read at a time

  /** Tokens of every document, in the order of the corpus; not to be changed. */
  int[] lengths();

  /**
   * Returns whether any token is to be predicted from the one before it in its document. Reads no
   * further than the first.
   *
   * @throws ringattention.input.InputException if the file can no longer be read
   */
  default boolean hasLabel() {
    long start = 0;
    for (int length : lengths()) {
      for (long from = 1; from < length; from += PIECE) {
        int[] entries = entries(start + from, (int) Math.min(PIECE, length - from));
        if (Arrays.stream(entries).anyMatch(entry -> TokenStream.label(entry) != Sample.NO_LABEL)) {
          return true;
        }
      }
      start += length;
    }
    return false;
  }
}
