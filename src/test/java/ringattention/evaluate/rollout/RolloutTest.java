package ringattention.evaluate.rollout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.command.Sections;
import ringattention.data.trajectories.EpisodeFiles;
import ringattention.data.trajectories.FeatureColumns;
import ringattention.data.trajectories.Piece;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.data.trajectories.TrajectoryCorpus;
import ringattention.data.trajectories.TrajectorySequence;
import ringattention.environment.Environment;
import ringattention.environment.EnvironmentKind;
import ringattention.environment.MdpSize;
import ringattention.evaluate.rollout.FakeTrajectories.Position;
import ringattention.file.NpyArray;
import ringattention.file.NpzWriter;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.random.Seed;

/** What a model sees while it acts, and what it does. */
class RolloutTest {
  @TempDir Path folder;

  private static Configuration configuration(String environment, String... more) {
    List<String> keys = new ArrayList<>(List.of("rollout.target=3"));
    keys.addAll(List.of(more));
    return withoutTarget(environment, keys.toArray(String[]::new));
  }

  private static Configuration withoutTarget(String environment, String... more) {
    Environment made =
        Arrays.stream(EnvironmentKind.values())
            .filter(kind -> kind.toString().equals(environment))
            .findFirst()
            .orElseThrow()
            .open(1, new MdpSize(10, 5, 10));
    List<String> keys =
        new ArrayList<>(
            List.of(
                "model.input=trajectories",
                "model.stateSize=" + made.observationSize(),
                "model.actionSize=" + made.actionSize(),
                "model.episodeSteps=" + made.steps(),
                "model.hidden=8",
                "model.layers=1",
                "model.heads=1",
                "trajectories.scale=7",
                "rollout.environment=" + environment,
                "rollout.seeds=2"));
    keys.addAll(List.of(more));
    return Sections.INPUTS.defaults(keys);
  }

  private static StateStatistics statistics(int size) {
    List<Double> means = new ArrayList<>();
    List<Double> deviations = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      means.add(.1 * i - .3);
      deviations.add(.5 + .2 * i);
    }
    return new StateStatistics(means, deviations);
  }

  private static Rollout rollout(Configuration configuration, FakeTrajectories engine, int first) {
    RolloutSetup setup = RolloutSetup.of(configuration);
    return new Rollout(
        setup, setup.features(statistics(setup.columns().stateSize())), engine, first);
  }

  private static FakeTrajectories engine(Configuration configuration, int sequences) {
    int actions = RolloutSetup.of(configuration).columns().actionSize();
    return new FakeTrajectories(sequences, actions, false);
  }

  /** Plays all trials and returns the first sequence's returns. */
  private static List<Double> play(Configuration configuration, FakeTrajectories engine) {
    Rollout rollout = rollout(configuration, engine, 0);
    List<Double> returns = new ArrayList<>();
    for (int trial = 0; trial < configuration.get(RolloutConfig.SECTION).trials(); trial++) {
      returns.add(rollout.play(trial)[0]);
    }
    return returns;
  }

  /** Writes the episodes of a sequence, taken out of what the engine was given. */
  private void write(List<Position> played, int trials, FeatureColumns columns, StateStatistics by)
      throws IOException {
    int positions = played.size() / trials;
    int steps = positions / FeatureColumns.KINDS;
    int rows = steps + 1;
    for (int trial = 0; trial < trials; trial++) {
      float[] states = new float[rows * columns.stateSize()];
      float[] actions = new float[rows * columns.actionSize()];
      float[] rewards = new float[rows];
      for (int step = 0; step < steps; step++) {
        int at = trial * positions + FeatureColumns.KINDS * step;
        for (int i = 0; i < columns.stateSize(); i++) {
          float number = played.get(at + 1).features().get(columns.first(1) + i);
          states[step * columns.stateSize() + i] =
              (float) (number * by.deviation().get(i) + by.mean().get(i));
        }
        for (int i = 0; i < columns.actionSize(); i++) {
          actions[(step + 1) * columns.actionSize() + i] =
              played.get(at + 2).features().get(columns.first(2) + i);
        }
        rewards[step + 1] = played.get(at + 3).features().get(columns.first(3));
      }
      Map<String, NpyArray> arrays = new LinkedHashMap<>();
      arrays.put("observation", NpyArray.of(states, rows, columns.stateSize()));
      arrays.put("action", NpyArray.of(actions, rows, columns.actionSize()));
      arrays.put("reward", NpyArray.of(rewards, rows, 1));
      arrays.put("discount", NpyArray.of(new float[rows], rows, 1));
      NpzWriter.write(folder.resolve("episode_00000" + trial + "_" + steps + ".npz"), arrays);
    }
  }

  /**
   * What a roll-out feeds is what training would of the same episodes: returns to go, their scale,
   * statistics, columns, steps, and where trials follow each other. What a blind model does is the
   * same whatever it is asked for, so the target can be the best return, as training has it.
   */
  @ParameterizedTest
  @CsvSource({
    "dark-room, true",
    "mdp, true",
    "mdp, false",
    "cartpole, true",
    "dark-key-to-door, true"
  })
  void theModelSeesWhatItWouldHaveLearnedFrom(String environment, boolean returns)
      throws IOException {
    int trials = 3;
    String[] keys = {
      "rollout.noise=1",
      "rollout.trials=" + trials,
      "trajectories.arrangement=agentic",
      "trajectories.order=collected",
      "trajectories.count=" + trials,
      "trajectories.returns=" + returns
    };
    List<String> asked = new ArrayList<>(List.of(keys));
    asked.addAll(returns ? List.of("rollout.target=3") : List.of());
    Configuration first = withoutTarget(environment, asked.toArray(String[]::new));
    int size = RolloutSetup.of(first).columns().actionSize();
    double best = Collections.max(play(first, new FakeTrajectories(2, size, true)));
    asked.addAll(returns ? List.of("rollout.target=" + best) : List.of());
    Configuration configuration = withoutTarget(environment, asked.toArray(String[]::new));
    FakeTrajectories engine = new FakeTrajectories(2, size, true);
    play(configuration, engine);
    RolloutSetup setup = RolloutSetup.of(configuration);
    List<Position> played = new ArrayList<>(engine.held.get(0)); // all but the last two
    int length = FeatureColumns.KINDS * setup.steps() * trials;
    assertEquals(length - 2, played.size());
    FeatureColumns columns = setup.columns();
    StateStatistics statistics = statistics(columns.stateSize());
    List<Position> whole = new ArrayList<>(played);
    whole.add(played.get(2)); // an action and a reward, which were not seen
    whole.add(lastReward(columns, best, played, setup));
    write(whole, trials, columns, statistics);
    TrajectoriesConfig config = configuration.get(TrajectoriesConfig.SECTION);
    TrajectoryCorpus corpus =
        TrajectoryCorpus.read(
            EpisodeFiles.of(folder, config.tasks(), configuration.source()),
            config.rewards(),
            configuration.source(),
            (file, problem) -> {
              throw problem;
            });
    List<Piece> pieces = new ArrayList<>();
    for (int trial = 0; trial < trials; trial++) {
      pieces.add(new Piece(trial, 0, setup.steps()));
    }
    TrajectorySequence learned =
        TrajectorySequence.of(corpus, config, statistics, pieces, length, -1);
    for (int at = 0; at < played.size(); at++) {
      assertEquals(learned.tokens()[at], played.get(at).step(), "step at " + at);
      for (int column = 0; column < columns.width(); column++) {
        float expected = learned.inputs()[at * columns.width() + column];
        float tolerance = at % 4 == 1 ? 1e-5f : column == 0 && at % 4 == 0 ? 1e-6f : 0;
        assertEquals(
            expected,
            played.get(at).features().get(column),
            tolerance,
            "column " + column + " at " + at);
      }
    }
  }

  /** The last trial's return is not the best one, or is made no better by what is made up. */
  private static Position lastReward(
      FeatureColumns columns, double best, List<Position> played, RolloutSetup setup) {
    int from = FeatureColumns.KINDS * setup.steps() * 2;
    double sum = 0;
    for (int at = from + 3; at < played.size(); at += FeatureColumns.KINDS) {
      sum += played.get(at).features().get(columns.first(3));
    }
    Float[] numbers = new Float[columns.width()];
    Arrays.fill(numbers, 0f);
    numbers[columns.first(3)] = (float) Math.min(0, best - sum);
    return new Position(0, List.of(numbers));
  }

  /** Rewards are 0 or 1: what is asked for falls by what was given, from the next step on. */
  @Test
  void whatIsAskedForFallsByWhatWasGiven() {
    Configuration configuration =
        configuration(
            "dark-room",
            "rollout.firstTask=29",
            "rollout.noise=1",
            "rollout.trials=40",
            "rollout.target=15");
    FakeTrajectories engine = engine(configuration, 1);
    Rollout rollout = rollout(configuration, engine, 0);
    int given = 0;
    for (int trial = 0; trial < 40; trial++) {
      given += (int) rollout.play(trial)[0];
    }
    assertTrue(given > 3, given + " rewards");
    List<Position> played = engine.held.get(0);
    FeatureColumns columns = RolloutSetup.of(configuration).columns();
    double toCome = 15;
    for (int at = 0; at + 3 < played.size(); at += 4) {
      toCome = played.get(at).step() == 0 ? 15 : toCome;
      assertEquals((float) (toCome / 7), played.get(at).features().get(0));
      toCome -= played.get(at + 3).features().get(columns.first(3));
    }
  }

  /** Whatever is kept, what is seen is the end of all that was, and no more. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void earlierTrialsThatAreNotKeptAreNotSeen(int kept) {
    Configuration configuration =
        configuration("mdp", "rollout.trials=4", "rollout.contextTrials=" + kept);
    assertContexts(configuration, 4, (trial, step) -> 40 * Math.min(trial, kept) + 4 * step + 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 10, 50})
  void stepsOutsideOfTheWindowAreNotSeen(int window) {
    Configuration configuration =
        configuration("mdp", "rollout.trials=2", "rollout.contextSteps=" + window);
    assertContexts(configuration, 2, (trial, step) -> 4 * Math.min(step, window - 1) + 2);
    assertEquals(4 * Math.min(10, window), RolloutSetup.of(configuration).longest());
  }

  private interface Length {
    int of(int trial, int step);
  }

  private void assertContexts(Configuration configuration, int trials, Length length) {
    FakeTrajectories engine = engine(configuration, 2);
    play(configuration, engine);
    List<Position> all = new ArrayList<>();
    int longest = 0;
    int at = 0;
    for (int trial = 0; trial < trials; trial++) {
      for (int step = 0; step < 10; step++, at++) {
        List<Position> seen = engine.seen.get(at);
        int expected = length.of(trial, step);
        assertEquals(expected, seen.size(), "trial " + trial + ", step " + step);
        longest = Math.max(longest, expected);
        boolean begins = all.isEmpty();
        all.addAll(seen.subList(Math.max(0, seen.size() - (begins ? 2 : 4)), seen.size()));
        if (all.size() >= expected && length.of(trial, step) > 4) {
          assertEquals(all.subList(all.size() - expected, all.size()), seen);
        }
      }
    }
    assertEquals(10 * trials, engine.seen.size());
    assertTrue(longest <= RolloutSetup.of(configuration).longest());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dark-room", "mdp", "cartpole-tasks"})
  void sequencesSideBySideAreAsEachAlone(String environment) {
    Configuration configuration =
        configuration(environment, "rollout.trials=2", "rollout.noise=0.2");
    Rollout both = rollout(configuration, engine(configuration, 2), 0);
    Rollout first = rollout(configuration, engine(configuration, 1), 0);
    Rollout second = rollout(configuration, engine(configuration, 1), 1);
    for (int trial = 0; trial < 2; trial++) {
      double[] returns = both.play(trial);
      assertArrayEquals(returns, new double[] {first.play(trial)[0], second.play(trial)[0]}, 0);
      assertNotEquals(first.digest(), second.digest());
    }
  }

  @Test
  void aChoiceIsTheLargestOutputAndANumberItsTangent() {
    Seed numbers = Seed.of(1, "test");
    float[] into = new float[6];
    new Actions(true, false, 0).write(new double[] {20, 21, -3}, numbers, 0, into, 1);
    assertArrayEquals(new float[] {0, 0, 0, 0, 1, 0}, into);
    new Actions(false, false, 0).write(new double[] {.5, 40, -.1}, numbers, 0, into, 0);
    assertArrayEquals(
        new float[] {(float) Math.tanh(.5), 1, (float) Math.tanh(-.1)},
        Arrays.copyOf(into, 3),
        1e-7f);
  }

  /** Outputs of .1, .9, 0 and -1: the first is drawn as often as its tangent's share. */
  @Test
  void choicesAreDrawnInProportionToTheirTangents() {
    int[] drawn = new int[4];
    float[] into = new float[4];
    for (int step = 0; step < 4000; step++) {
      new Actions(true, true, 0)
          .write(new double[] {.1, .9, 0, -1}, Seed.of(5, "test"), step, into, 0);
      for (int i = 0; i < 4; i++) {
        drawn[i] += (int) into[i];
      }
    }
    double share = Math.tanh(.1) / (Math.tanh(.1) + Math.tanh(.9));
    assertEquals(share, drawn[0] / 4000., .015);
    assertEquals(4000, drawn[0] + drawn[1]);
    new Actions(true, true, 0).write(new double[] {-3, -2, -1, -4}, Seed.of(5, "t"), 0, into, 0);
    assertArrayEquals(new float[] {0, 0, 1, 0}, into);
  }

  @Test
  void noiseIsAsLargeAsItSays() {
    int drawn = 0;
    double squares = 0;
    float[] into = new float[3];
    for (int step = 0; step < 4000; step++) {
      Seed numbers = Seed.of(5, "test");
      new Actions(true, false, .3).write(new double[] {0, 1, 0}, numbers, step, into, 0);
      drawn += into[1] == 1 ? 0 : 1;
      new Actions(false, false, .1).write(new double[] {0, 1, 0}, numbers, step, into, 0);
      squares += into[0] * into[0];
    }
    assertEquals(.3 * 2 / 3, drawn / 4000., .02);
    assertEquals(.01, squares / 4000, .001);
  }

  @ParameterizedTest
  @CsvSource({
    "model.stateSize=17, model.stateSize = 17: must be 18 as dark-room has",
    "model.actionSize=6, model.actionSize = 6: must be 5 as dark-room has",
    "model.episodeSteps=19, model.episodeSteps = 19: must be at least 20",
    "trajectories.returns=false, rollout.target = 3.0: must not be given",
    "rollout.environment=walker, rollout.environment = \"walker\": needs the simulator",
    "rollout.environment=maze, rollout.environment = \"maze\": must be",
    "rollout.firstTask=81, rollout.firstTask = 81: must leave",
    "rollout.tasks=82, rollout.tasks = 82: must leave",
    "rollout.states=9, rollout.states = 9: only of mdp",
    "rollout.environment=cartpole rollout.sampled=true, rollout.sampled = true: actions",
    "rollout.noise=1.5, rollout.noise = 1.5: must be",
    "model.input=tokens, model."
  })
  void whatDoesNotFitIsRefused(String key, String message) {
    InputException refused =
        assertThrows(
            InputException.class,
            () -> RolloutSetup.of(configuration("dark-room", key.split(" "))));
    assertTrue(
        refused.getMessage().replace(",", "").contains(message.replace(",", "")),
        refused.getMessage());
    assertEquals(1, refused.getMessage().lines().count());
  }

  @Test
  void aContextThatCannotBeCountedIsRefused() {
    String[] keys = {"rollout.trials=1000000"};
    InputException refused =
        assertThrows(InputException.class, () -> RolloutSetup.of(configuration("cartpole", keys)));
    assertTrue(refused.getMessage().contains("rollout.trials = 1000000"), refused.getMessage());
    RolloutSetup.of(configuration("cartpole", keys[0], "rollout.contextTrials=2"));
  }

  @Test
  void aWindowAndTrialsExcludeEachOther() {
    InputException refused =
        assertThrows(
            InputException.class,
            () -> configuration("mdp", "rollout.contextSteps=3", "rollout.contextTrials=1"));
    assertTrue(refused.getMessage().contains("rollout.contextTrials"), refused.getMessage());
  }
}
