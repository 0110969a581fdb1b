package ringattention.environment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DarkRoomTest {
  private static final int STAY = 0;
  private static final int UP = 1;
  private static final int LEFT = 3;
  private static final int RIGHT = 4;

  /** Does one action; returns the reward. */
  private static float act(DarkRoom room, int action) {
    float[] actions = {-.5f, -.5f, -.5f, -.5f, -.5f};
    actions[action] = .25f;
    room.step(actions);
    return room.rewards()[0];
  }

  private static int row(DarkRoom room) {
    return place(room, 0);
  }

  private static int column(DarkRoom room) {
    return place(room, DarkRoom.SIDE);
  }

  private static int place(DarkRoom room, int from) {
    int place = -1;
    for (int i = 0; i < DarkRoom.SIDE; i++) {
      if (room.observations()[from + i] == 1) {
        assertEquals(-1, place, "one place alone");
        place = i;
      }
    }
    return place;
  }

  private static DarkRoom begin(boolean withKey, long task) {
    DarkRoom room = new DarkRoom(1, withKey);
    room.reset(new long[] {task}, new long[1]);
    return room;
  }

  @Test
  void beginsInTheMiddleAndEndsAtWalls() {
    DarkRoom room = begin(false, 0);
    assertEquals(4, row(room));
    assertEquals(4, column(room));
    for (int up = 1; up <= 6; up++) {
      act(room, UP);
      assertEquals(Math.max(0, 4 - up), row(room));
    }
    for (int right = 1; right <= 6; right++) {
      act(room, RIGHT);
      assertEquals(Math.min(8, 4 + right), column(room));
    }
    act(room, LEFT);
    assertEquals(7, column(room));
    assertEquals(0, row(room));
  }

  /** Where the goal of a task lies, found by standing on every cell. */
  private static int goal(long task) {
    for (int cell = 0; cell < DarkRoom.CELLS; cell++) {
      DarkRoom room = begin(false, task);
      float there = go(room, cell);
      if (act(room, STAY) == 1) {
        assertEquals(cell == 40 ? 0 : 1, there, "the step that ends there has it, too");
        return cell;
      }
    }
    throw new AssertionError("no goal of task " + task);
  }

  /** Walks to a cell; returns the last reward. */
  private static float go(DarkRoom room, int cell) {
    float reward = 0;
    while (row(room) != cell / 9 || column(room) != cell % 9) {
      int action =
          row(room) > cell / 9
              ? UP
              : row(room) < cell / 9 ? UP + 1 : column(room) > cell % 9 ? LEFT : RIGHT;
      reward = act(room, action);
    }
    return reward;
  }

  @Test
  void everyCellIsTheGoalOfOneTask() {
    Set<Integer> goals = new HashSet<>();
    for (int task = 0; task < 81; task++) {
      goals.add(goal(task));
    }
    assertEquals(81, goals.size());
    assertEquals(goal(3), goal(84));
  }

  /** A shortest way leaves the goal's reward in all steps but those before the last of the way. */
  @Test
  void theExpertTakesAShortestWay() {
    for (int task = 0; task < 81; task++) {
      int goal = goal(task);
      int way = Math.abs(goal / 9 - 4) + Math.abs(goal % 9 - 4);
      DarkRoom room = begin(false, task);
      float[] actions = new float[5];
      float sum = 0;
      while (!room.done()) {
        room.expert(actions);
        room.step(actions);
        sum += room.rewards()[0];
      }
      assertEquals(way == 0 ? 20 : 21 - way, sum, "task " + task);
    }
  }

  @Test
  void aDoorOpensOnceBehindTheKeyAlone() {
    int tasks = 0;
    Set<String> seen = new HashSet<>();
    for (long task = 0; task < 6561; task += 41) {
      float[] actions = new float[5];
      DarkRoom room = begin(true, task);
      int[] cells = new int[2];
      int found = 0;
      int steps = 0;
      while (!room.done()) {
        room.expert(actions);
        room.step(actions);
        steps++;
        if (room.rewards()[0] == 1) {
          cells[found++] = row(room) * 9 + column(room);
        }
      }
      assertEquals(50, steps);
      assertEquals(2, found);
      seen.add(cells[0] + " " + cells[1]);
      if (cells[0] != cells[1] && cells[1] != 40) {
        tasks++;
        DarkRoom other = begin(true, task);
        if (!onWay(cells[0], cells[1])) {
          assertEquals(0, go(other, cells[1]), "no door without the key");
          assertEquals(1, go(other, cells[0]));
          assertEquals(0, act(other, STAY), "a key is found once");
        }
      }
    }
    assertEquals(161, seen.size(), "tasks differ");
    assertEquals(true, tasks > 100);
  }

  /** Whether one who goes from the middle to a cell by rows first passes another. */
  private static boolean onWay(int cell, int to) {
    DarkRoom room = begin(false, 0);
    boolean[] passed = new boolean[81];
    passed[40] = true;
    while (row(room) != to / 9 || column(room) != to % 9) {
      int target = row(room) != to / 9 ? to / 9 * 9 + column(room) : to;
      int action =
          row(room) > target / 9
              ? UP
              : row(room) < target / 9 ? UP + 1 : column(room) > target % 9 ? LEFT : RIGHT;
      act(room, action);
      passed[row(room) * 9 + column(room)] = true;
    }
    return passed[cell];
  }

  @Test
  void theLargestElementChooses() {
    assertEquals(2, Choice.of(new float[] {9, -3, -2, -1, -1}, 1, 4));
    assertEquals(1, Choice.of(new float[] {Float.NaN, -1}, 0, 2));
    float[] written = {5, 5, 5, 5};
    Choice.write(1, written, 1, 3);
    assertArrayEquals(new float[] {5, 0, 1, 0}, written);
  }
}
