package ringattention.environment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.environment.Collection.Part;

class CollectionTest {
  private static final MdpSize SIZE = new MdpSize(5, 3, 8);

  private static CollectConfig config(
      EnvironmentKind environment, CollectorKind collector, int episodes, long seed) {
    return new CollectConfig(environment, collector, episodes, 1, 1, 0, seed, SIZE);
  }

  private static List<Episodes> make(CollectConfig config, Part part) {
    List<Episodes> made = new ArrayList<>();
    new Collection(config).make(part, made::add);
    return made;
  }

  private static double[] returns(CollectConfig config) {
    Collection collection = new Collection(config);
    List<Double> sums = new ArrayList<>();
    for (Part part : collection.parts()) {
      for (Episodes episodes : make(config, part)) {
        for (int i = 0; i < episodes.count(); i++) {
          assertEquals(sums.size(), episodes.first() + i);
          sums.add(episodes.sum(i));
        }
      }
    }
    return sums.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static float[] actions(Episodes episodes, int index) {
    int size = episodes.actions().length / episodes.count();
    return Arrays.copyOfRange(episodes.actions(), index * size, (index + 1) * size);
  }

  @Test
  void partsAreAllEpisodesOnce() {
    for (CollectorKind collector : CollectorKind.values()) {
      Collection collection =
          new Collection(
              new CollectConfig(
                  EnvironmentKind.CARTPOLE_TASKS, collector, 2500, 3, 2, 40, 1, SIZE));
      Set<String> all = new HashSet<>();
      for (Part part : collection.parts()) {
        for (int i = 0; i < part.count(); i++) {
          assertTrue(all.add(part.task() + " " + part.history() + " " + (part.first() + i)));
        }
        assertEquals(0, part.first() % collector.together());
      }
      assertEquals(15000, all.size());
      assertTrue(all.contains("40 0 0") && all.contains("42 1 2499"));
    }
  }

  /** Histories of a task differ from the first episode on, and the first is that of one alone. */
  @Test
  void historiesOfATaskDiffer() {
    CollectConfig config = config(EnvironmentKind.DARK_ROOM, CollectorKind.ANNEALED, 3, 1);
    Episodes first = make(config, new Part(5, 0, 0, 3)).get(0);
    Episodes second = make(config, new Part(5, 1, 0, 3)).get(0);
    Episodes again = make(config, new Part(5, 1, 0, 3)).get(0);
    assertFalse(Arrays.equals(actions(first, 0), actions(second, 0)));
    assertArrayEquals(actions(second, 0), actions(again, 0));
  }

  /** Mean returns of cartpole, by whom it is played: from a count of 2048 episodes each. */
  @ParameterizedTest
  @CsvSource({"UNIFORM, 26, 8", "ORNSTEIN_UHLENBECK, 156, 25", "POLICIES, 108, 25"})
  void collectorsReachTheirReturns(CollectorKind collector, double mean, double most) {
    double[] returns = returns(config(EnvironmentKind.CARTPOLE, collector, 128, 3));
    assertEquals(mean, Arrays.stream(returns).average().orElseThrow(), most);
  }

  /** Later generations of a search go further than random policies do. */
  @Test
  void noveltyFindsMoreThanChance() {
    double[] random = returns(config(EnvironmentKind.CARTPOLE, CollectorKind.POLICIES, 384, 3));
    double[] novel = returns(config(EnvironmentKind.CARTPOLE, CollectorKind.NOVELTY, 384, 3));
    double later = Arrays.stream(novel, 128, 384).average().orElseThrow();
    double chance = Arrays.stream(random, 128, 384).average().orElseThrow();
    assertTrue(later > chance + 20, later + " of a search, " + chance + " by chance");
  }

  @ParameterizedTest
  @EnumSource
  void anEpisodeDependsOnSeedAndNumberAlone(CollectorKind collector) {
    EnvironmentKind kind = EnvironmentKind.CARTPOLE;
    CollectConfig config = config(kind, collector, 40, 3);
    List<Episodes> whole = make(config, new Part(0, 0, 0, 40));
    List<Episodes> again = make(config, new Part(0, 0, 0, 33));
    assertEquals(2, whole.size());
    assertArrayEquals(whole.get(0).physics(), again.get(0).physics());
    assertArrayEquals(actions(whole.get(1), 0), actions(again.get(1), 0));
    Episodes other = make(config(kind, collector, 40, 4), new Part(0, 0, 0, 1)).get(0);
    assertFalse(Arrays.equals(actions(whole.get(0), 0), actions(other, 0)));
    assertFalse(Arrays.equals(actions(whole.get(0), 0), actions(whole.get(0), 1)));
    if (collector.together() == 1) {
      Episodes part = make(config, new Part(0, 0, 32, 8)).get(0);
      assertArrayEquals(whole.get(1).rewards(), part.rewards());
    }
  }

  /** Two histories that begin in the same state do not do the same. */
  @ParameterizedTest
  @EnumSource
  void collectorsOfOtherHistoriesDoOtherThings(CollectorKind collector) {
    float[][] actions = new float[2][3];
    for (int history = 0; history < 2; history++) {
      Environment environment = new CartPole(3, false);
      environment.reset(new long[3], new long[3]);
      Collector one = collector.open(history * 1000L, 40);
      one.begin(0, environment);
      one.act(0, environment, actions[history]);
    }
    for (int i = 0; i < 3; i++) {
      assertNotEquals(actions[0][i], actions[1][i]);
    }
    assertNotEquals(actions[0][0], actions[0][1]);
  }

  /** Every row has the action and reward that led to it; the first has neither. */
  @ParameterizedTest
  @EnumSource
  void whatIsNotedCanBePlayedAgain(EnvironmentKind kind) {
    CollectConfig config = config(kind, CollectorKind.ANNEALED, 3, 9);
    Episodes noted = make(config, new Part(0, 0, 0, 3)).get(0);
    Environment environment = config.open(3);
    int size = environment.actionSize();
    int seen = environment.observationSize();
    long history = ringattention.random.Seed.of(9, "history").bits(0);
    environment.reset(new long[3], new long[] {history, history + 1, history + 2});
    float[] actions = new float[3 * size];
    for (int row = 0; row < noted.rows(); row++) {
      for (int i = 0; i < 3; i++) {
        System.arraycopy(noted.actions(), (i * noted.rows() + row) * size, actions, i * size, size);
      }
      if (row == 0) {
        assertArrayEquals(new float[3 * size], actions);
      } else {
        environment.step(actions);
      }
      for (int i = 0; i < 3; i++) {
        int at = i * noted.rows() + row;
        assertEquals(environment.rewards()[i], noted.rewards()[at]);
        assertArrayEquals(
            Arrays.copyOfRange(environment.observations(), i * seen, (i + 1) * seen),
            Arrays.copyOfRange(noted.observations(), at * seen, (at + 1) * seen));
      }
    }
    assertTrue(environment.done());
  }

  /** The first episode of an annealed history is noise, the last the expert's own. */
  @Test
  void theExpertComesThroughOverTheHistory() {
    int episodes = 300;
    CollectConfig config = config(EnvironmentKind.DARK_ROOM, CollectorKind.ANNEALED, episodes, 3);
    double[] returns = returns(config);
    Episodes noise =
        make(
                config(EnvironmentKind.DARK_ROOM, CollectorKind.UNIFORM, episodes, 3),
                new Part(0, 0, 0, 1))
            .get(0);
    assertArrayEquals(actions(noise, 0), actions(make(config, new Part(0, 0, 0, 1)).get(0), 0));
    DarkRoom room = new DarkRoom(1, false);
    room.reset(new long[1], new long[1]);
    float[] actions = new float[5];
    double best = 0;
    while (!room.done()) {
      room.expert(actions);
      room.step(actions);
      best += room.rewards()[0];
    }
    assertEquals(best, returns[episodes - 1]);
    double early = Arrays.stream(returns, 0, 100).average().orElseThrow();
    double middle = Arrays.stream(returns, 100, 200).average().orElseThrow();
    double late = Arrays.stream(returns, 200, 300).average().orElseThrow();
    assertTrue(early + 1 < middle && middle + 1 < late, early + " " + middle + " " + late);
  }
}
