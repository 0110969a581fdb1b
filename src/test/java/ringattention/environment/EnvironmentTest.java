package ringattention.environment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.random.Seed;

/** What holds for every environment. */
class EnvironmentTest {
  private static final MdpSize SIZE = new MdpSize(7, 3, 12);
  private static final Seed ACTIONS = Seed.of(5, "actions of the test");
  private static final long[] TASKS = {3, 3, 0, 60, 17};
  private static final long[] SEEDS = {1, 2, 1, 4, -9};

  private static void write(int environment, int step, int size, float[] actions) {
    for (int j = 0; j < size; j++) {
      actions[environment * size + j] = (float) (2.2 * ACTIONS.uniform(step * 64L + j) - 1.1);
    }
  }

  /** Plays all of them and returns what each saw: (count, steps + 1, observation and reward). */
  private static double[][] play(EnvironmentKind kind, long[] tasks, long[] seeds) {
    Environment environment = kind.open(tasks.length, SIZE);
    environment.reset(tasks, seeds);
    int size = environment.observationSize();
    double[][] seen = new double[tasks.length][(environment.steps() + 1) * (size + 1)];
    float[] actions = new float[tasks.length * environment.actionSize()];
    int step = 0;
    note(environment, step, seen);
    while (!environment.done()) {
      for (int i = 0; i < tasks.length; i++) {
        write(i, step, environment.actionSize(), actions);
      }
      environment.step(actions);
      note(environment, ++step, seen);
    }
    assertEquals(environment.steps(), step);
    assertThrows(IllegalStateException.class, () -> environment.step(actions));
    return seen;
  }

  private static void note(Environment environment, int row, double[][] seen) {
    int size = environment.observationSize();
    for (int i = 0; i < seen.length; i++) {
      for (int j = 0; j < size; j++) {
        seen[i][row * (size + 1) + j] = environment.observations()[i * size + j];
      }
      seen[i][row * (size + 1) + size] = environment.rewards()[i];
    }
  }

  @ParameterizedTest
  @EnumSource
  void isTheSameBesideOthersAsAlone(EnvironmentKind kind) {
    double[][] together = play(kind, TASKS, SEEDS);
    for (int i = 0; i < TASKS.length; i++) {
      assertArrayEquals(
          play(kind, new long[] {TASKS[i]}, new long[] {SEEDS[i]})[0], together[i], "of " + i);
    }
    assertEquals(
        kind == EnvironmentKind.DARK_ROOM || kind == EnvironmentKind.DARK_KEY_TO_DOOR,
        Arrays.equals(together[0], together[1]),
        "another seed is another episode, but in a room where nothing is random");
  }

  /** Experts do other things, or the same things lead elsewhere. */
  @ParameterizedTest
  @EnumSource
  void anotherTaskIsAnotherEpisodeWhereThereAreTasks(EnvironmentKind kind) {
    Environment environment = kind.open(3, SIZE);
    environment.reset(new long[] {3, 3, 0}, new long[3]);
    float[] actions = new float[3 * environment.actionSize()];
    boolean[] differ = new boolean[3];
    int size = environment.observationSize();
    while (!environment.done()) {
      environment.expert(actions);
      environment.step(actions);
      for (int i = 1; i < 3; i++) {
        for (int j = 0; j < size; j++) {
          differ[i] |= environment.observations()[j] != environment.observations()[i * size + j];
        }
      }
    }
    assertFalse(differ[1]);
    assertEquals(kind.hasTasks(), differ[2]);
  }

  /** A second episode in the same object owes nothing to the first. */
  @ParameterizedTest
  @EnumSource
  void beginsAnewAtEveryReset(EnvironmentKind kind) {
    Environment environment = kind.open(2, SIZE);
    float[] actions = new float[2 * environment.actionSize()];
    double[] sums = new double[2];
    for (int time = 0; time < 2; time++) {
      environment.reset(new long[] {time == 0 ? 5 : 6, 6}, new long[] {8, 8});
      assertArrayEquals(new float[2], environment.rewards());
      sums[0] = 0;
      sums[1] = 0;
      while (!environment.done()) {
        environment.expert(actions);
        environment.step(actions);
        sums[0] += environment.rewards()[0];
        sums[1] += environment.rewards()[1];
      }
    }
    assertEquals(sums[1], sums[0]);
    assertTrue(sums[0] > 0);
  }

  @ParameterizedTest
  @EnumSource
  void allocatesNothingInAStep(EnvironmentKind kind) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Environment environment = kind.open(4, SIZE);
    float[] actions = new float[4 * environment.actionSize()];
    long[] four = new long[4];
    environment.reset(four, four);
    environment.expert(actions); // makes its tables
    environment.step(actions);
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int step = 0; step < 8; step++) {
      environment.expert(actions);
      environment.step(actions);
    }
    assertEquals(0, (threads.getCurrentThreadAllocatedBytes() - before) / 512);
  }
}
