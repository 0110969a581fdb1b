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
  private final DocumentStarts starts; // of the documents in this order

  /**
   * @param seed of the run
   * @param lengths of the documents, padding included; not to be changed
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
    this.starts = new DocumentStarts(lengths.length, place -> lengths[documents[place]]);
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
    return starts.start(place);
  }

  /** The place whose document holds this token of the epoch. */
  int place(long token) {
    return starts.place(token);
  }
}
