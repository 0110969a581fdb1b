package ringattention.data;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Where each document of a row begins. Only every {@link #APART}th place is kept, the lengths in
 * between are added up: a corpus may have a hundred million documents.
 */
final class DocumentStarts {
  private static final int APART = 64;

  private final int count;
  private final IntUnaryOperator lengths;
  private final long[] kept; // the start of every APARTth, and the end behind them
  private final long end;

  /**
   * @param count of documents
   * @param lengths by place in the row, each above 0; must stay the same
   */
  DocumentStarts(int count, IntUnaryOperator lengths) {
    this.count = count;
    this.lengths = lengths;
    this.kept = new long[count / APART + 1];
    long at = 0;
    for (int place = 0; place < count; place++) {
      if (place % APART == 0) {
        kept[place / APART] = at;
      }
      at += lengths.applyAsInt(place);
    }
    if (count % APART == 0) {
      kept[count / APART] = at;
    }
    this.end = at;
  }

  DocumentStarts(int... lengths) {
    this(lengths.length, place -> lengths[place]);
  }

  /** Returns the tokens of all. */
  long end() {
    return end;
  }

  /**
   * Returns the tokens before a document.
   *
   * @param place up to the number of documents
   */
  long start(int place) {
    int from = place / APART;
    long at = kept[from];
    for (int before = from * APART; before < place; before++) {
      at += lengths.applyAsInt(before);
    }
    return at;
  }

  /** Returns the place whose document holds a token; the number of documents behind the last. */
  int place(long token) {
    if (token >= end) {
      return count;
    }
    int found = Arrays.binarySearch(kept, token);
    int place = (found >= 0 ? found : -found - 2) * APART;
    long next = start(place) + lengths.applyAsInt(place);
    while (next <= token) {
      next += lengths.applyAsInt(++place);
    }
    return place;
  }
}
