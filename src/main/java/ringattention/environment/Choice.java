package ringattention.environment;

import java.util.Arrays;

/** Choices of one of several as vectors: the largest element says which. */
final class Choice {
  private Choice() {}

  /** Returns which element is the largest, the first of several; what is not a number is none. */
  static int of(float[] values, int offset, int size) {
    int largest = 0;
    for (int i = 1; i < size; i++) {
      if (values[offset + i] > values[offset + largest] || Float.isNaN(values[offset + largest])) {
        largest = i;
      }
    }
    return largest;
  }

  /** Writes 1 at the choice, 0 elsewhere. */
  static void write(int choice, float[] to, int offset, int size) {
    Arrays.fill(to, offset, offset + size, 0);
    to[offset + choice] = 1;
  }
}
