package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.data.trajectories.FeatureColumns;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.file.NpyArray;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Trait;

/** Sequences of trajectories: of the toy of {@link Episodes}, whose actions are its states. */
class TrajectorySamplesTest {
  private static final FeatureColumns COLUMNS = new FeatureColumns(2, 2);

  @TempDir Path folder;

  private Configuration configuration(int sequence, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "data.format=trajectories", "train.sequence=" + sequence, "trajectories.scale=1"));
    all.addAll(List.of(more));
    return Episodes.configuration(folder, all.toArray(String[]::new));
  }

  private Samples samples(int sequence, String... more) {
    return Episodes.samples(configuration(sequence, more));
  }

  /** Returns a number of every step of a sequence, padding left out. */
  /** No sequence has documents of its own, so attention takes those of a batch together. */
  @Test
  void sequencesAreNotPacked() {
    assertFalse(configuration(16).get(DataConfig.SECTION).documents());
  }

  private static float[] column(Sample sample, int kind, int number) {
    StepValues values = sample.values().orElseThrow();
    float[] column = new float[sample.counted()];
    for (int step = 0; step < column.length; step++) {
      column[step] =
          values
              .inputs()[
              (FeatureColumns.KINDS * step + kind) * values.features()
                  + COLUMNS.first(kind)
                  + number];
    }
    return column;
  }

  private static float[] returns(Sample sample) {
    return column(sample, FeatureColumns.RETURN, 0);
  }

  /** Returns steps within episodes, one for each step of a sequence. */
  private static int[] steps(Sample sample) {
    int[] steps = new int[sample.counted()];
    Arrays.setAll(steps, i -> sample.tokens()[4 * i]);
    return steps;
  }

  /** Returns the first number of the first state of every trajectory: tells which it is. */
  private static List<Float> firsts(Sample sample) {
    float[] actions = column(sample, FeatureColumns.ACTION, 0);
    int[] steps = steps(sample);
    List<Float> firsts = new ArrayList<>();
    for (int i = 0; i < steps.length; i++) {
      if (i == 0 || steps[i] != steps[i - 1] + 1) {
        firsts.add(actions[i] - steps[i]);
      }
    }
    return firsts;
  }

  @Test
  void columnsAreInTheirOrder() {
    FeatureColumns columns = new FeatureColumns(5, 1);
    assertEquals(0, columns.first(FeatureColumns.RETURN));
    assertEquals(1, columns.first(FeatureColumns.STATE));
    assertEquals(6, columns.first(FeatureColumns.ACTION));
    assertEquals(7, columns.first(FeatureColumns.REWARD));
    assertEquals(8, columns.flag(FeatureColumns.RETURN));
    assertEquals(11, columns.flag(FeatureColumns.REWARD));
    assertEquals(16, columns.width());
    assertEquals(8, new FeatureColumns(1, 1).width());
    assertEquals(16, new FeatureColumns(2, 1).width());
  }

  /** One episode, position by position. */
  @Test
  void everyPositionHoldsItsKindAndNothingElse() throws IOException {
    Episodes.write(folder, 0, 10, 1, 2);
    Sample sample = samples(8).sample(0);
    StepValues values = sample.values().orElseThrow();
    assertEquals(16, values.features());
    assertEquals(2, values.actions());
    assertArrayEquals(new int[] {0, 0, 0, 0, 1, 1, 1, 1}, sample.tokens());
    assertArrayEquals(new int[] {-1, 0, -1, -1, -1, 0, -1, -1}, sample.labels());
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, sample.positions());
    assertArrayEquals(new int[] {0}, sample.documents());
    // states 10 and 11: mean 10.5, deviation .5; -5 and -5.5: mean -5.25, deviation .25
    float[] expected = new float[8 * 16];
    System.arraycopy(new float[] {3, 0, 0, 0, 0, 0, 1}, 0, expected, 0, 7);
    System.arraycopy(new float[] {0, -1, 1, 0, 0, 0, 0, 1}, 0, expected, 16, 8);
    System.arraycopy(new float[] {0, 0, 0, 10, -5, 0, 0, 0, 1}, 0, expected, 32, 9);
    System.arraycopy(new float[] {0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, 0, expected, 48, 10);
    System.arraycopy(new float[] {2, 0, 0, 0, 0, 0, 1}, 0, expected, 64, 7);
    System.arraycopy(new float[] {0, 1, -1, 0, 0, 0, 0, 1}, 0, expected, 80, 8);
    System.arraycopy(new float[] {0, 0, 0, 11, -5.5f, 0, 0, 0, 1}, 0, expected, 96, 9);
    System.arraycopy(new float[] {0, 0, 0, 0, 0, 2, 0, 0, 0, 1}, 0, expected, 112, 10);
    assertArrayEquals(expected, values.inputs(), 1e-6f);
    float[] targets = new float[8 * 2];
    targets[2] = 10;
    targets[3] = -5;
    targets[10] = 11;
    targets[11] = -5.5f;
    assertArrayEquals(targets, values.targets());
  }

  /** Action = state: a policy that gives back what it sees is right everywhere. */
  @Test
  void statesGoWithTheActionsDoneInThem() throws IOException {
    for (int i = 0; i < 5; i++) {
      Episodes.write(folder, i, 3 * i * i, 1, 0, 2, 0, 1, 1);
    }
    Samples samples = samples(16, "trajectories.steps=4");
    StateStatistics statistics = samples.statistics().orElseThrow();
    double loss = 0;
    for (int index = 0; index < 50; index++) {
      Sample sample = samples.sample(index);
      for (int number = 0; number < 2; number++) {
        float[] states = column(sample, FeatureColumns.STATE, number);
        float[] actions = column(sample, FeatureColumns.ACTION, number);
        for (int step = 0; step < states.length; step++) {
          double seen =
              states[step] * statistics.deviation().get(number) + statistics.mean().get(number);
          loss += Math.pow(seen - actions[step], 2);
          assertEquals(
              actions[step], sample.values().orElseThrow().targets()[(4 * step + 1) * 2 + number]);
        }
      }
    }
    assertEquals(0, loss, 1e-8);
  }

  @Test
  void theReturnToGoHasTheStepsOwnReward() throws IOException {
    Episodes.write(folder, 0, 0, 1, 2, 3, 4, 5);
    assertArrayEquals(new float[] {15, 14, 12, 9, 5}, returns(samples(20).sample(0)));
    Sample scaled = samples(20, "trajectories.scale=1000").sample(0);
    assertArrayEquals(new float[] {.015f, .014f, .012f, .009f, .005f}, returns(scaled), 1e-9f);
    assertArrayEquals(
        new float[] {1, 2, 3, 4, 5}, column(scaled, FeatureColumns.REWARD, 0), "rewards as stored");
    Sample blind = samples(20, "trajectories.returns=false").sample(0);
    assertArrayEquals(new float[5], returns(blind));
    assertEquals(1, blind.values().orElseThrow().inputs()[COLUMNS.flag(FeatureColumns.RETURN)]);
  }

  /** A window's returns are of the whole episode, and its steps keep their numbers. */
  @Test
  void everyWindowIsDrawnTheLastToo() throws IOException {
    Episodes.write(folder, 0, 0, 1, 2, 3, 4, 5, 6, 7);
    Samples samples = samples(12, "trajectories.steps=3");
    Set<Integer> starts = new TreeSet<>();
    for (int index = 0; index < 1000; index++) {
      Sample sample = samples.sample(index);
      int[] steps = steps(sample);
      assertArrayEquals(new int[] {steps[0], steps[0] + 1, steps[0] + 2}, steps);
      float first = 28 - steps[0] * (steps[0] + 1) / 2f;
      assertEquals(first, returns(sample)[0]);
      starts.add(steps[0]);
      assertEquals(3, samples.labels(index));
    }
    assertEquals(Set.of(0, 1, 2, 3, 4), starts);
  }

  @Test
  void windowsAreAlikeLikelyWhateverEpisodeTheyAreOf() throws IOException {
    Episodes.write(folder, 0, 100, 0, 0);
    Episodes.write(folder, 1, 200, 0, 0, 0, 0);
    Samples samples = samples(8, "trajectories.steps=2");
    int[] drawn = new int[4]; // one window, and three
    for (int index = 0; index < 4000; index++) {
      Sample sample = samples.sample(index);
      drawn[firsts(sample).get(0) == 100 ? 0 : 1 + steps(sample)[0]]++;
    }
    for (int count : drawn) {
      assertEquals(1000, count, 100, Arrays.toString(drawn)); // deviation 27
    }
  }

  /** What is padded is behind all that counts, where causal attention never looks from before. */
  @Test
  void aShortEpisodeIsPaddedAtTheEnd() throws IOException {
    Episodes.write(folder, 0, 5, 1, 2);
    Sample whole = samples(8).sample(0);
    Sample padded = samples(20, "trajectories.steps=5").sample(0);
    assertEquals(2, padded.counted());
    assertArrayEquals(whole.labels(), Arrays.copyOf(padded.labels(), 8));
    assertArrayEquals(whole.tokens(), Arrays.copyOf(padded.tokens(), 8));
    StepValues values = padded.values().orElseThrow();
    assertArrayEquals(
        whole.values().orElseThrow().inputs(), Arrays.copyOf(values.inputs(), 8 * 16));
    for (int i = 8; i < 20; i++) {
      assertEquals(Sample.NO_LABEL, padded.labels()[i]);
      assertEquals(0, padded.tokens()[i]);
      assertEquals(i, padded.positions()[i]);
    }
    float[] inputs = values.inputs();
    assertArrayEquals(new float[12 * 16], Arrays.copyOfRange(inputs, 8 * 16, 20 * 16));
    assertArrayEquals(new float[12 * 2], Arrays.copyOfRange(values.targets(), 8 * 2, 20 * 2));
  }

  /** Also between trajectories there is no padding: later ones would see it. */
  @Test
  void severalTrajectoriesAreSortedRelabelledToTheBestAndWithoutGaps() throws IOException {
    Episodes.write(folder, 0, 100, 5, 1);
    Episodes.write(folder, 1, 200, 1);
    Episodes.write(folder, 2, 300, 1, 1, 1);
    Sample sample =
        samples(36, "trajectories.arrangement=agentic", "trajectories.count=3").sample(4);
    assertEquals(List.of(200f, 300f, 100f), firsts(sample));
    assertArrayEquals(new int[] {0, 0, 1, 2, 0, 1}, steps(sample));
    assertArrayEquals(new float[] {6, 6, 5, 4, 6, 1}, returns(sample));
    assertEquals(6, sample.counted());
    assertArrayEquals(new int[] {0}, sample.documents());
  }

  @Test
  void trajectoriesOfASequenceDifferAndEachIsDrawn() throws IOException {
    for (int i = 0; i < 7; i++) {
      Episodes.write(folder, i, 10 * i, (i * 3) % 7);
    }
    Samples samples = samples(12, "trajectories.arrangement=agentic", "trajectories.count=3");
    int[] drawn = new int[7];
    for (int index = 0; index < 2000; index++) {
      List<Float> firsts = firsts(samples.sample(index));
      assertEquals(3, new HashSet<>(firsts).size());
      float before = -1;
      for (float first : firsts) {
        int episode = Math.round(first / 10);
        drawn[episode]++;
        assertTrue(episode * 3 % 7 > before, "not ascending");
        before = episode * 3 % 7;
      }
    }
    for (int count : drawn) {
      assertEquals(857, count, 100, Arrays.toString(drawn)); // 6000 / 7, deviation 27
    }
  }

  @Test
  void historiesAreInTheOrderOfCollection() throws IOException {
    for (int i = 0; i < 12; i++) { // 2 is before 11, and times run backwards
      Episodes.write(
          folder,
          "20220103T1415%02d_%d_1.npz".formatted(59 - i, i),
          Episodes.arrays(10 * i, 12 - i));
    }
    Samples samples =
        samples(
            16,
            "trajectories.arrangement=agentic",
            "trajectories.count=4",
            "trajectories.order=collected");
    Set<Float> starts = new TreeSet<>();
    for (int index = 0; index < 500; index++) {
      List<Float> firsts = firsts(samples.sample(index));
      float start = firsts.get(0);
      assertEquals(List.of(start, start + 10, start + 20, start + 30), firsts);
      starts.add(start);
    }
    assertEquals(9, starts.size());
  }

  private void tasks() throws IOException {
    for (int task = 0; task < 6; task++) {
      for (int i = 0; i < 5; i++) {
        Episodes.write(folder.resolve("task" + task), i, 100 * task + i, task + i, 1);
      }
    }
  }

  @Test
  void tasksAreNotMixed() throws IOException {
    tasks();
    String[] keys = {
      "trajectories.tasks=folders", "trajectories.arrangement=agentic", "trajectories.count=3"
    };
    Samples samples = samples(24, keys);
    Set<Integer> seen = new TreeSet<>();
    for (int index = 0; index < 200; index++) {
      List<Float> firsts = firsts(samples.sample(index));
      int task = Math.round(firsts.get(0)) / 100;
      firsts.forEach(first -> assertEquals(task, Math.round(first) / 100));
      seen.add(task);
    }
    assertEquals(6, seen.size());
    assertTrue(samples.text().startsWith("30 episodes of 6 tasks with 60 steps"), samples.text());
  }

  /** Whole tasks are kept out, and have no say in the statistics. */
  @Test
  void tasksThatAreKeptOutAreNeverLearned() throws IOException {
    tasks();
    String[] keys = {
      "trajectories.tasks=folders",
      "trajectories.arrangement=agentic",
      "trajectories.count=3",
      "validation.fraction=0.3"
    };
    Samples samples = samples(24, keys);
    HeldOutSamples heldOut = Episodes.heldOut(configuration(24, keys));
    Set<Integer> learned = new TreeSet<>();
    for (int index = 0; index < 200; index++) {
      learned.add(Math.round(firsts(samples.sample(index)).get(0)) / 100);
    }
    Set<Integer> keptOut = new TreeSet<>();
    int labels = 0;
    for (int index = 0; index < heldOut.sequences(); index++) {
      Sample sample = heldOut.sample(index);
      firsts(sample).forEach(first -> keptOut.add(Math.round(first) / 100));
      labels += sample.counted();
      assertEquals(sample.counted(), heldOut.labels(index));
    }
    assertEquals(labels, heldOut.labels());
    assertEquals(keptOut.size() * 10, labels, "every step once");
    assertFalse(keptOut.isEmpty());
    assertEquals(6, learned.size() + keptOut.size());
    learned.retainAll(keptOut);
    assertEquals(Set.of(), learned);
    assertEquals(samples.statistics(), heldOut.statistics());
    assertEquals(0, heldOut.sample(heldOut.sequences()).counted());
  }

  @Test
  void everyStepThatIsKeptOutIsThereOnce() throws IOException {
    float[] rewards = new float[7];
    for (int i = 0; i < 20; i++) {
      Episodes.write(folder, i, 100 * i, rewards);
    }
    HeldOutSamples heldOut =
        Episodes.heldOut(configuration(12, "trajectories.steps=3", "validation.fraction=0.2"));
    Set<Float> seen = new HashSet<>();
    for (int index = 0; index < heldOut.sequences(); index++) {
      for (float state : column(heldOut.sample(index), FeatureColumns.ACTION, 0)) {
        assertTrue(seen.add(state));
      }
    }
    assertEquals(7 * heldOut.documents(), seen.size());
    assertEquals(seen.size(), heldOut.labels());
  }

  @Test
  void statisticsAreOfWhatIsLearnedAlone() throws IOException {
    Path training = folder.resolve("training");
    Path other = folder.resolve("other");
    Episodes.write(training, 0, 0, 1, 1);
    Episodes.write(training, 1, 20, 1, 1, 1, 1, 1);
    Episodes.write(other, 0, 5000, 1, 1, 1);
    Configuration configuration =
        configuration(20, "data.path=" + training, "validation.path=" + other);
    StateStatistics learned = Episodes.samples(configuration).statistics().orElseThrow();
    // 0 1 20 21 22 23 24: mean 111/7, mean square 2431/7
    double mean = 111 / 7.0;
    assertEquals(mean, learned.mean().get(0), 1e-12);
    assertEquals(Math.sqrt(2431 / 7.0 - mean * mean), learned.deviation().get(0), 1e-12);
    HeldOutSamples heldOut = Episodes.heldOut(configuration);
    assertEquals(learned, heldOut.statistics().orElseThrow());
    assertEquals(
        learned.standardise(0, 5000), column(heldOut.sample(0), FeatureColumns.STATE, 0)[0]);
  }

  /** Whatever the episodes are that a share of one folder keeps out. */
  @Test
  void whatIsKeptOutHasNoSayInTheStatistics() throws IOException {
    for (int i = 0; i < 20; i++) {
      Episodes.write(folder, i, 10 * i, 1, 1);
    }
    Configuration configuration = configuration(8, "validation.fraction=0.3");
    StateStatistics before = Episodes.samples(configuration).statistics().orElseThrow();
    HeldOutSamples heldOut = Episodes.heldOut(configuration);
    for (int index = 0; index < heldOut.sequences(); index++) {
      int first = Math.round(firsts(heldOut.sample(index)).get(0));
      Episodes.write(folder, first / 10, 1000 + first, 1, 1);
    }
    assertTrue(heldOut.sequences() > 1);
    assertEquals(before, Episodes.samples(configuration).statistics().orElseThrow());
    assertEquals(before, Episodes.heldOut(configuration).statistics().orElseThrow());
  }

  @Test
  void savedStatisticsAreTakenAsTheyAre() throws IOException {
    Episodes.write(folder, 0, 0, 1, 1, 1);
    Path saved = folder.resolve("saved.json");
    StateStatistics before = new StateStatistics(List.of(.1, 1 / 3.0), List.of(1e-7, Math.PI));
    Files.writeString(saved, before.json());
    assertEquals(before, StateStatistics.read(saved));
    Samples samples = samples(12, "trajectories.statistics=" + saved);
    assertEquals(before, samples.statistics().orElseThrow());
    assertEquals(
        before.standardise(1, -.5f), column(samples.sample(0), FeatureColumns.STATE, 1)[1]);
    assertNotEquals(samples(12).digest(), samples.digest());
    Files.writeString(saved, new StateStatistics(List.of(.1), List.of(1.0)).json());
    refused(
        "are of states of 1 numbers, those of the data have 2",
        12,
        "trajectories.statistics=" + saved);
    for (String bad : List.of("{}", "{\"mean\":[0],\"deviation\":[0]}", "[", "")) {
      Files.writeString(saved, bad);
      String told =
          assertThrows(InputException.class, () -> StateStatistics.read(saved)).getMessage();
      assertTrue(told.startsWith(saved + ": holds no statistics of states: "), told);
      assertEquals(1, told.lines().count(), told);
    }
  }

  /** A number that never changes is not blown up. */
  @Test
  void aConstantNumberOfAStateHasDeviationOne() throws IOException {
    var arrays = Episodes.arrays(0, 1, 1);
    arrays.put("observation", NpyArray.of(new float[] {.1f, 1, .1f, 2, .1f, 3}, 3, 2));
    Episodes.write(folder, "episode_000000_2.npz", arrays);
    Samples samples = samples(8);
    assertEquals(1, samples.statistics().orElseThrow().deviation().get(0));
    assertEquals(0, column(samples.sample(0), FeatureColumns.STATE, 0)[0], 1e-6);
  }

  @Test
  void theBestTenthIsLearnedFrom() throws IOException {
    for (int i = 0; i < 20; i++) {
      Episodes.write(folder, i, 10 * i, (i * 7) % 20);
    }
    Samples samples = samples(4, "trajectories.best=0.1");
    Set<Float> returns = new TreeSet<>();
    for (int index = 0; index < 100; index++) {
      returns.add(returns(samples.sample(index))[0]);
    }
    assertEquals(Set.of(18f, 19f), returns);
    assertEquals(2, samples.documents());
    assertEquals(8, samples.tokens());
  }

  @Test
  void rewardsAreRelabelledFromPhysics() throws IOException {
    var arrays = Episodes.arrays(0, 7, 7, 7);
    double[] physics = {
      9, 9, 9, 9, // the reset
      0, 0, 3, 0, // upright in the middle, the cart's speed does not matter
      2, 0, 0, 5, // at both margins a tenth is left
      0, Math.PI, 0, 0 // hanging
    };
    arrays.put("physics", NpyArray.of(physics, 4, 4));
    Episodes.write(folder, "episode_000000_3.npz", arrays);
    Sample sample = samples(12, "trajectories.rewards=cartpole-swingup").sample(0);
    assertArrayEquals(
        new float[] {1, .55f * .55f, 0}, column(sample, FeatureColumns.REWARD, 0), 1e-6f);
    arrays.put("physics", NpyArray.of(new double[12], 4, 3));
    Episodes.write(folder, "episode_000000_3.npz", arrays);
    refused(
        "physics has shape [4, 3]: cartpole has 4 numbers",
        12,
        "trajectories.rewards=cartpole-swingup");
  }

  @Test
  void aSequenceIsAFunctionOfSeedAndIndex() throws IOException {
    tasks();
    String[] keys = {"trajectories.arrangement=agentic", "trajectories.count=5"};
    Samples one = samples(40, keys);
    Samples two = samples(40, keys);
    List<List<Float>> before = new ArrayList<>();
    for (int index = 0; index < 20; index++) {
      before.add(firsts(one.sample(index)));
    }
    assertTrue(new HashSet<>(before).size() > 15);
    for (int index = 19; index >= 0; index--) {
      assertEquals(before.get(index), firsts(two.sample(index)));
    }
    Samples other = samples(40, "train.seed=7", keys[0], keys[1]);
    assertNotEquals(before.get(0), firsts(other.sample(0)));
  }

  @Test
  void theDigestIsOfContentsNotOfNames() throws IOException {
    Episodes.write(folder, 0, 0, 1, 2);
    Path second = Episodes.write(folder, 1, 9, 1, 2);
    String before = samples(8).digest();
    Files.move(second, folder.resolve("20220103T141500_5_2.npz"));
    assertEquals(before, samples(8).digest());
    Episodes.write(folder, 5, 9, 1, 2.5f);
    Files.delete(folder.resolve("20220103T141500_5_2.npz"));
    assertNotEquals(before, samples(8).digest());
  }

  @Test
  void aFileThatChangesIsNotLearned() throws IOException {
    Path file = Episodes.write(folder, 0, 0, 1, 2);
    Samples samples = samples(8);
    Episodes.write(folder, 0, 0, 1, 3);
    String told = assertThrows(InputException.class, () -> samples.sample(0)).getMessage();
    assertEquals(file + ": has changed since the run began", told);
  }

  @Test
  void sizesAndEpochsAreThoseOfTheData() throws IOException {
    Episodes.write(folder, 0, 0, 1, 2, 3);
    Episodes.write(folder.resolve("more"), 1, 0, 1, 2);
    Files.writeString(folder.resolve("notes.txt"), "x");
    Samples samples = samples(12);
    assertEquals(new TrajectorySizes(2, 2, 3), samples.trajectories().orElseThrow());
    assertEquals(20, samples.epochTokens());
    assertEquals(2, samples.documents());
    assertEquals(
        "2 episodes of 1 task with 5 steps, returns 3.000 to 6.000, mean 4.500", samples.text());
    List<String> leftOut = Samples.leftOut(configuration(12));
    assertEquals(1, leftOut.size());
    assertTrue(leftOut.get(0).startsWith("1 file of " + folder + " is left out"), leftOut.get(0));
  }

  private void refused(String message, int sequence, String... keys) {
    String told = assertThrows(InputException.class, () -> samples(sequence, keys)).getMessage();
    assertTrue(told.contains(message), told);
    assertEquals(1, told.lines().count(), told);
  }

  @Test
  void theLengthOfASequenceIsToldWhereItIsWrong() throws IOException {
    Episodes.write(folder, 0, 0, 1, 2, 3);
    Episodes.write(folder, 1, 0, 1, 2);
    refused(
        "must be 12: 4 positions a step x 1 trajectory x 3 steps, as the longest episode has", 16);
    refused(
        "must be 16: 4 positions a step x 2 trajectories (trajectories.count) x 2 steps"
            + " (trajectories.steps)",
        20,
        "trajectories.arrangement=agentic",
        "trajectories.count=2",
        "trajectories.steps=2");
    refused(
        "trajectories.count = 3: must be at most 2, the trajectories of task \"all\"",
        36,
        "trajectories.arrangement=agentic",
        "trajectories.count=3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data.tokenizer=bytes | data.tokenizer",
        "data.extensions=[\"npz\"] | data.extensions",
        "data.field=text | data.field",
        "data.template=auto | data.template",
        "data.documents=true | data.documents",
        "data.documentMultiple=1 | data.documentMultiple",
        "data.firstPosition=0 | data.firstPosition",
        "data.cache=none | data.cache",
        "data.endToken=1 | data.endToken",
        "trajectories.count=2 | trajectories.count",
        "trajectories.order=sorted | trajectories.order",
        "trajectories.scale=0 | trajectories.scale",
        "trajectories.best=0 | trajectories.best",
        "attention.mask=full | attention.mask"
      })
  void keysThatMeanNothingAreRefused(String key, String name) throws IOException {
    Episodes.write(folder, 0, 0, 1, 2, 3);
    String told = assertThrows(InputException.class, () -> configuration(12, key)).getMessage();
    assertTrue(told.contains(name), told);
    assertTrue(told.contains("must"), told);
  }

  @Test
  void trajectoriesAreNoSourceOfAMixture() {
    String told =
        assertThrows(
                InputException.class,
                () ->
                    Sections.INPUTS.defaults(
                        List.of(
                            "train.sequence=8",
                            "data.source.1.path=x",
                            "data.source.1.weight=1",
                            "data.source.1.format=trajectories")))
            .getMessage();
    assertTrue(told.contains("data.source.1.format"), told);
  }

  /** Returns of another scale would mean something else to the model. */
  @Test
  void theScaleIsAsFixedAsAShape() throws IOException {
    Episodes.write(folder, 0, 0, 1, 2, 3);
    assertTrue(configuration(12).source().marked(Trait.SHAPE).contains("trajectories.scale"));
  }
}
