package ringattention.infer;

/**
 * Tokens ranked by score, the highest first, of equal ones the lowest id: a binary heap, so that
 * the first few of many cost no full sort. On top is the first or the last of them.
 */
final class RankedTokens {
  private final double[] scores; // [vocabulary]
  private final boolean isFirstOnTop;
  private final int[] heap; // [vocabulary]
  private int count;

  RankedTokens(double[] scores, boolean isFirstOnTop) {
    this.scores = scores;
    this.isFirstOnTop = isFirstOnTop;
    this.heap = new int[scores.length];
  }

  void clear() {
    count = 0;
  }

  /** Adds a token; {@link #order} follows the last one. */
  void add(int token) {
    heap[count++] = token;
  }

  void order() {
    for (int at = count / 2 - 1; at >= 0; at--) {
      sink(at);
    }
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** Returns the token on top. */
  int top() {
    return heap[0];
  }

  /** Takes the token on top out. */
  int next() {
    final int top = heap[0];
    heap[0] = heap[--count];
    sink(0);
    return top;
  }

  /** Puts another token in the place of the one on top. */
  void replaceTop(int token) {
    heap[0] = token;
    sink(0);
  }

  private void sink(int from) {
    int token = heap[from];
    int at = from;
    for (int child = 2 * at + 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && isAbove(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isAbove(heap[child], token)) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = token;
  }

  private boolean isAbove(int one, int other) {
    boolean isBefore = scores[one] > scores[other] || scores[one] == scores[other] && one < other;
    return isBefore == isFirstOnTop;
  }
}
