package ringattention.infer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The new tokens of one step as a rank sees them: row by row the token, its position, the slot that
 * keeps it if this rank does, the slots that it sees here, and of trajectories its numbers. Rows
 * that are not used see nothing and are kept nowhere.
 */
final class StepRows {
  private static final int NOWHERE = -1;

  private final int[] tokens;
  private final int[] positions;
  private final int[] slots;
  private final List<int[]> segments = new ArrayList<>();
  private final double[] features; // [rows, features]
  private int used;

  StepRows(int rows) {
    this(rows, 0);
  }

  /**
   * @param features numbers of a row, beside its token
   */
  StepRows(int rows, int features) {
    this.tokens = new int[rows];
    this.positions = new int[rows];
    this.slots = new int[rows];
    this.features = new double[rows * features];
    Arrays.fill(slots, NOWHERE);
  }

  /** Sets the numbers of the row that comes next. */
  void features(float[] from, int offset) {
    int width = features.length / slots.length;
    for (int column = 0; column < width; column++) {
      features[used * width + column] = from[offset + column];
    }
  }

  /** Adds a row that another rank keeps. */
  void add(int token, int position) {
    add(token, position, NOWHERE);
  }

  /** Adds a row that this rank keeps. */
  void add(int token, int position, int slot) {
    tokens[used] = token;
    positions[used] = position;
    slots[used] = slot;
    used++;
  }

  /**
   * Lets rows [from, to) see slots [first, end). Rows that see the same as those before join them.
   */
  void see(int from, int to, int first, int end) {
    if (first == end) {
      return;
    }
    int[] before = segments.isEmpty() ? null : segments.get(segments.size() - 1);
    if (before != null && before[1] == from && before[2] == first && before[3] == end) {
      before[1] = to;
    } else {
      segments.add(new int[] {from, to, first, end});
    }
  }

  int used() {
    return used;
  }

  int[] tokens() {
    return tokens;
  }

  int[] positions() {
    return positions;
  }

  int[] slots() {
    return slots;
  }

  /** Returns the numbers of all rows, [rows, features]. */
  double[] features() {
    return features;
  }

  /** Returns the segments, [most, 4], empty ones last. */
  int[] segments(int most) {
    int[] flat = new int[4 * most];
    for (int i = 0; i < segments.size(); i++) {
      System.arraycopy(segments.get(i), 0, flat, 4 * i, 4);
    }
    return flat;
  }
}
