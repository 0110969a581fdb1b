package ringattention.infer;

/**
 * Tokens by score, the highest first, of equal ones the lowest id: a binary heap, so that the first
 * few of many cost no full sort.
 */
final class RankedTokens {
  private final double[] scores; // [vocabulary]
  private final int[] heap; // [vocabulary], the first token on top
  private int count;

  RankedTokens(double[] scores) {
    this.scores = scores;
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

  /** Takes the first token out. */
  int next() {
    final int first = heap[0];
    heap[0] = heap[--count];
    sink(0);
    return first;
  }

  private void sink(int from) {
    int token = heap[from];
    int at = from;
    for (int child = 2 * at + 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], token)) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = token;
  }

  private boolean isBefore(int one, int other) {
    return scores[one] > scores[other] || scores[one] == scores[other] && one < other;
  }
}
