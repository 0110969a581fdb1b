package ringattention.data;

import java.util.Arrays;
import ringattention.random.Seed;

/**
 * The order in which an epoch goes through all documents, and where each begins in it. A function
 * of seed and epoch alone.
 */
final class EpochOrder {
  private final long epoch;
  private final int[] documents;
  private final long[] starts; // of the documents in this order, and the end

  /**
   * @param seed of the run
   * @param lengths of the documents, padding included
   */
  EpochOrder(long seed, long epoch, int[] lengths) {
    this.epoch = epoch;
    this.documents = new int[lengths.length];
    Arrays.setAll(documents, i -> i);
    Seed numbers = Seed.of(seed, "documents of epoch " + epoch);
    for (int i = documents.length - 1; i > 0; i--) { // Fisher and Yates
      int j = (int) Long.remainderUnsigned(numbers.bits(i), i + 1);
      int swapped = documents[i];
      documents[i] = documents[j];
      documents[j] = swapped;
    }
    this.starts = new long[lengths.length + 1];
    for (int i = 0; i < documents.length; i++) {
      starts[i + 1] = starts[i] + lengths[documents[i]];
    }
  }

  long epoch() {
    return epoch;
  }

  /** Number of documents. */
  int size() {
    return documents.length;
  }

  /** Which document is at this place of the order. */
  int document(int place) {
    return documents[place];
  }

  /** Tokens before this place of the order. */
  long start(int place) {
    return starts[place];
  }

  /** The place whose document holds this token of the epoch. */
  int place(long token) {
    int found = Arrays.binarySearch(starts, token);
    return found >= 0 ? found : -found - 2; // no document is empty, so starts are distinct
  }
}
