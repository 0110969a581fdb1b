package ringattention.data.trajectories;

/**
 * Which column of a position's numbers holds what: {@code [return | state | action | reward | 1 if
 * return | 1 if state | 1 if action | 1 if reward | zeros]}. Columns of other kinds of positions
 * are 0.
 *
 * @param stateSize numbers of a state, at least 1
 * @param actionSize numbers of an action, at least 1
 */
public record FeatureColumns(int stateSize, int actionSize) {
  /** Positions of a step, in this order: return-to-go, state, action, reward. */
  public static final int KINDS = 4;

  /** Which position of a step is its return-to-go. */
  public static final int RETURN = 0;

  /** Which position of a step is its state, at which its action is learned. */
  public static final int STATE = 1;

  /** Which position of a step is its action. */
  public static final int ACTION = 2;

  /** Which position of a step is its reward. */
  public static final int REWARD = 3;

  private static final int MULTIPLE = 8; // of columns: products like them so

  public FeatureColumns {
    if (stateSize < 1 || actionSize < 1) {
      throw new IllegalArgumentException(stateSize + " numbers of a state, " + actionSize);
    }
  }

  /** Returns the first column of a kind of position. */
  public int first(int kind) {
    return switch (kind) {
      case RETURN -> 0;
      case STATE -> 1;
      case ACTION -> 1 + stateSize;
      case REWARD -> 1 + stateSize + actionSize;
      default -> throw new IllegalArgumentException("no kind " + kind);
    };
  }

  /** Returns how many columns a kind of position has, its flag left out. */
  public int size(int kind) {
    return kind == STATE ? stateSize : kind == ACTION ? actionSize : 1;
  }

  /** Returns the column that is 1 at a kind of position, and 0 elsewhere. */
  public int flag(int kind) {
    return first(REWARD) + 1 + kind;
  }

  /** Returns the number of columns, zeros up to a multiple of 8 among them. */
  public int width() {
    int used = flag(REWARD) + 1;
    return (used + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
  }
}
