package ringattention.environment;

import java.util.Arrays;

/**
 * A dark room of 9 x 9 cells, of Laskin and others 2022 (arXiv 2210.14215): the agent sees which
 * cell it is in, and nothing of where the goal is. Every episode begins in the middle.
 *
 * <p>Without a key: a goal gives a reward of 1 in every step that ends on it; 20 steps. With a key:
 * a cell with the key gives 1, once, and behind that a cell with the door gives 1, once; 50 steps.
 * Whether the key is found is not seen.
 *
 * <p>Observations: the row's place among 9, then the column's. Actions: stay, up, down, left,
 * right.
 */
final class DarkRoom implements Environment {
  static final int SIDE = 9;
  static final int CELLS = SIDE * SIDE;

  private static final int ACTIONS = 5;
  private static final double[] NO_PHYSICS = {};
  private static final int STEPS = 20;
  private static final int STEPS_WITH_KEY = 50;
  private static final int[] DOWN = {0, -1, 1, 0, 0};
  private static final int[] RIGHT = {0, 0, 0, -1, 1};

  // neighbours in number are not neighbours in the room; neither has a factor of 3
  private static final long SPREAD = 29;
  private static final long SPREAD_WITH_KEY = 2539;

  private final int count;
  private final boolean withKey;
  private final int[] rows;
  private final int[] columns;
  private final int[] goals; // cell of the goal, or of the door
  private final int[] keys; // cell of the key
  private final int[] found; // how many of key and door
  private final float[] observations;
  private final float[] rewards;
  private int step;

  DarkRoom(int count, boolean withKey) {
    this.count = count;
    this.withKey = withKey;
    rows = new int[count];
    columns = new int[count];
    goals = new int[count];
    keys = new int[count];
    found = new int[count];
    observations = new float[count * 2 * SIDE];
    rewards = new float[count];
    step = steps();
  }

  /** Returns how many different tasks there are. */
  static int tasks(boolean withKey) {
    return withKey ? CELLS * CELLS : CELLS;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int observationSize() {
    return 2 * SIDE;
  }

  @Override
  public int actionSize() {
    return ACTIONS;
  }

  @Override
  public int physicsSize() {
    return 0;
  }

  @Override
  public int steps() {
    return withKey ? STEPS_WITH_KEY : STEPS;
  }

  @Override
  public boolean discrete() {
    return true;
  }

  @Override
  public void reset(long[] tasks, long[] seeds) {
    for (int i = 0; i < count; i++) {
      long all = tasks(withKey);
      long place =
          Math.floorMod(Math.floorMod(tasks[i], all) * (withKey ? SPREAD_WITH_KEY : SPREAD), all);
      goals[i] = (int) (place % CELLS);
      keys[i] = (int) (place / CELLS);
      rows[i] = SIDE / 2;
      columns[i] = SIDE / 2;
      found[i] = 0;
      rewards[i] = 0;
      observe(i);
    }
    step = 0;
  }

  @Override
  public void step(float[] actions) {
    if (done()) {
      throw new IllegalStateException("the episodes are done");
    }
    for (int i = 0; i < count; i++) {
      int action = Choice.of(actions, i * ACTIONS, ACTIONS);
      rows[i] = Math.max(0, Math.min(SIDE - 1, rows[i] + DOWN[action]));
      columns[i] = Math.max(0, Math.min(SIDE - 1, columns[i] + RIGHT[action]));
      rewards[i] = reward(i, rows[i] * SIDE + columns[i]);
      observe(i);
    }
    step++;
  }

  private int reward(int i, int cell) {
    if (!withKey) {
      return cell == goals[i] ? 1 : 0;
    }
    if (found[i] == 0 && cell == keys[i] || found[i] == 1 && cell == goals[i]) {
      found[i]++;
      return 1;
    }
    return 0;
  }

  private void observe(int i) {
    int from = i * 2 * SIDE;
    Arrays.fill(observations, from, from + 2 * SIDE, 0);
    observations[from + rows[i]] = 1;
    observations[from + SIDE + columns[i]] = 1;
  }

  @Override
  public boolean done() {
    return step >= steps();
  }

  @Override
  public float[] observations() {
    return observations;
  }

  @Override
  public float[] rewards() {
    return rewards;
  }

  @Override
  public double[] physics() {
    return NO_PHYSICS;
  }

  /** Goes up or down first, then left or right: a shortest way. */
  @Override
  public void expert(float[] actions) {
    for (int i = 0; i < count; i++) {
      int goal = withKey && found[i] == 0 ? keys[i] : goals[i];
      int down = Integer.signum(goal / SIDE - rows[i]);
      int right = Integer.signum(goal % SIDE - columns[i]);
      int action = 0;
      while (DOWN[action] != down || RIGHT[action] != (down == 0 ? right : 0)) {
        action++;
      }
      Choice.write(action, actions, i * ACTIONS, ACTIONS);
    }
  }
}
