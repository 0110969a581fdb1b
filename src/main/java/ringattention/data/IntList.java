package ringattention.data;

import java.util.ArrayList;
import java.util.List;

/** Numbers that become more and more, without a copy of all whenever there is no room for one. */
final class IntList {
  private static final int CHUNK = 1 << 16;

  private final List<int[]> chunks = new ArrayList<>();
  private int size;

  int size() {
    return size;
  }

  void add(int number) {
    if (size == Integer.MAX_VALUE - CHUNK) {
      throw new IllegalStateException("there are almost 2^31 documents");
    }
    if (size % CHUNK == 0) {
      chunks.add(new int[CHUNK]);
    }
    chunks.get(size / CHUNK)[size++ % CHUNK] = number;
  }

  int get(int index) {
    return chunks.get(index / CHUNK)[index % CHUNK];
  }

  /** Returns a copy of all. */
  int[] toArray() {
    int[] all = new int[size];
    for (int from = 0; from < size; from += CHUNK) {
      System.arraycopy(chunks.get(from / CHUNK), 0, all, from, Math.min(CHUNK, size - from));
    }
    return all;
  }
}
