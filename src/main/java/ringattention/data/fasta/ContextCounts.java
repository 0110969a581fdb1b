package ringattention.data.fasta;

import java.util.Arrays;

/**
 * How often each base follows each context of up to {@value MarkovModel#MOST} bases. Of every base
 * the contexts before it are kept in a sorted list, each as 32 bits with the last base in the
 * highest two: those that end with the same bases are neighbours, so a count is a difference of two
 * places. 4 bytes a base, 8 with both strands.
 */
final class ContextCounts {
  private static final int ORDER = MarkovModel.MOST;

  private final int[][] contexts = new int[Bases.BASES][]; // by the base that follows, ascending

  /**
   * @param row of bases
   * @param from first position of a base that is counted
   * @param to behind the last
   * @param bothStrands whether the reverse complement is counted, too
   */
  ContextCounts(BaseRow row, int from, int to, boolean bothStrands) {
    int[] sizes = new int[Bases.BASES];
    scan(row, from, to, bothStrands, (base, context) -> sizes[base]++);
    Arrays.setAll(contexts, base -> new int[sizes[base]]);
    scan(row, from, to, bothStrands, (base, context) -> contexts[base][--sizes[base]] = context);
    for (int[] of : contexts) {
      Arrays.sort(of);
    }
  }

  /** Takes a base and the context before it. */
  private interface Visitor {
    void visit(int base, int context);
  }

  private static void scan(BaseRow row, int from, int to, boolean bothStrands, Visitor visitor) {
    scan(row, from, to, 1, visitor);
    if (bothStrands) {
      scan(row, to - 1, from - 1, -1, visitor);
    }
  }

  /** Visits what has a whole context, in one direction. */
  private static void scan(BaseRow row, int from, int to, int step, Visitor visitor) {
    int context = 0;
    int known = 0;
    for (int i = from; i != to; i += step) {
      int base = step > 0 ? row.base(i) : complement(row.base(i));
      if (base == BaseRow.NONE) {
        known = 0;
        continue;
      }
      if (known >= ORDER && row.isLearned(i)) {
        visitor.visit(base, sortable(context));
      }
      context = context >>> 2 | base << 30;
      known++;
    }
  }

  private static int complement(int base) {
    return base == BaseRow.NONE ? base : Bases.BASES - 1 - base;
  }

  private static int sortable(int context) {
    return context ^ Integer.MIN_VALUE;
  }

  /** Returns how many bases were counted. */
  long size() {
    return Arrays.stream(contexts).mapToLong(of -> of.length).sum();
  }

  /**
   * Counts what follows the contexts of all orders that end at a position; where a context is not
   * known, or was never seen, there are zeros.
   *
   * @param counts [orders, bases], takes them
   */
  void count(BaseRow row, int position, int[][] counts) {
    int[] low = new int[Bases.BASES];
    int[] high = new int[Bases.BASES];
    Arrays.setAll(high, base -> contexts[base].length);
    int context = 0;
    boolean seen = true;
    for (int order = 0; order < counts.length; order++) {
      int before = order == 0 || !seen ? 0 : row.base(position - order);
      seen &= before != BaseRow.NONE;
      if (seen && order > 0) {
        context |= before << 32 - 2 * order;
        narrow(low, high, context, order);
      }
      long all = 0;
      for (int base = 0; base < Bases.BASES; base++) {
        counts[order][base] = seen ? high[base] - low[base] : 0;
        all += counts[order][base];
      }
      seen &= all > 0;
    }
  }

  private void narrow(int[] low, int[] high, int context, int order) {
    int last = order == ORDER ? context : context | -1 >>> 2 * order;
    for (int base = 0; base < Bases.BASES; base++) {
      low[base] = place(contexts[base], low[base], high[base], sortable(context), false);
      high[base] = place(contexts[base], low[base], high[base], sortable(last), true);
    }
  }

  /** Returns the first place of [from, to) with more than a value, or as much as that. */
  private static int place(int[] of, int from, int to, int value, boolean more) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = low + high >>> 1;
      if (of[middle] < value || more && of[middle] == value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
