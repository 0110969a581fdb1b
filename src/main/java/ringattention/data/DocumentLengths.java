package ringattention.data;

import java.nio.file.Path;
import ringattention.input.Source;

/** Collects how many tokens documents have; those without any are none. */
final class DocumentLengths {
  private final Source source;
  private final IntList lengths = new IntList();

  DocumentLengths(Source source) {
    this.source = source;
  }

  /**
   * Adds a document.
   *
   * @param file that says so, for errors
   * @throws ringattention.input.InputException if it has 2^31 tokens or more
   */
  void add(long tokens, Path file) {
    if (tokens > Integer.MAX_VALUE) {
      throw source.error(
          "data.path", file + ": a document has " + tokens + " tokens, 2^31 or more");
    }
    if (tokens > 0) {
      lengths.add((int) tokens);
    }
  }

  int[] all() {
    return lengths.toArray();
  }
}
