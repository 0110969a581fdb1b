package ringattention.data;

import java.nio.file.Path;
import java.util.Arrays;
import ringattention.input.Source;

/** Collects how many tokens documents have; those without any are none. */
final class DocumentLengths {
  private final Source source;
  private int[] lengths = new int[1024];
  private int count;

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
    if (tokens == 0) {
      return;
    }
    if (count == lengths.length) {
      lengths = Arrays.copyOf(lengths, Math.addExact(count, count / 2));
    }
    lengths[count++] = (int) tokens;
  }

  int[] all() {
    return Arrays.copyOf(lengths, count);
  }
}
