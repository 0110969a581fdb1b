package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.data.lines.LineVocabulary;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Sequences of line retrieval, read back from the text of their tokens. */
class LineSamplesTest {
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    tokenizer = Given.tokenizer(configuration());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static Configuration configuration(String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "data.format=lines",
                "model.vocabulary=576",
                "model.hidden=8",
                "model.layers=1",
                "model.heads=1",
                "train.sequence=2048",
                "train.steps=1",
                "lines.first=4",
                "lines.growth=1.5",
                "lines.filler=full",
                "validation.sequences=3"));
    all.addAll(List.of(more));
    return Sections.INPUTS.defaults(all);
  }

  private static Samples samples(String... more) {
    return Given.samples(configuration(more));
  }

  private static List<LineTexts.Task> tasks(Sample sample) {
    return LineTexts.of(sample, tokenizer, 0);
  }

  /**
   * Questions take half of a sequence at most, 51 of 20 tokens in 2048, and lines of 15 the rest:
   * 68. Four lines have 16 questions.
   */
  @Test
  void levelsGrowUntilATaskFillsTheSequence() {
    Samples samples = samples();
    List<Integer> lines = List.of(4, 6, 9, 14, 21, 32, 48, 68);
    assertEquals(lines.size(), samples.levels());
    for (int level = 0; level < lines.size(); level++) {
      samples.level(level);
      for (long index = 0; index < 20; index++) {
        List<LineTexts.Task> tasks = tasks(samples.sample(index));
        int used = tasks.stream().mapToInt(LineTexts.Task::tokens).sum();
        if (level == lines.size() - 1) {
          assertEquals(1, tasks.size());
          assertTrue(tasks.get(0).lines().size() >= 68 && tasks.get(0).asked().size() >= 51);
          assertTrue(used > 2048 - 20, used + " tokens, a question more would fit");
        } else {
          int count = lines.get(level);
          int questions = Math.min(51, Math.max(8, 4 * count));
          for (LineTexts.Task task : tasks) {
            assertEquals(count, task.lines().size());
            assertEquals(questions, task.asked().size());
          }
          assertTrue(used > 2048 - 15 * count - 20 * questions, "a task more would fit");
        }
      }
    }
    assertThrows(IllegalArgumentException.class, () -> samples.level(lines.size()));
  }

  @ParameterizedTest
  @CsvSource({"65536", "16384", "1000", "35"})
  void theLastLevelFillsSequencesOfAnyLength(int sequence) {
    Samples samples = samples("train.sequence=" + sequence, "lines.first=0");
    assertEquals(1, samples.levels());
    for (long index = 0; index < (sequence < 3000 ? 5 : 2); index++) { // long ones take long
      Sample sample = samples.sample(index);
      List<LineTexts.Task> tasks = tasks(sample);
      assertEquals(1, tasks.size());
      assertTrue(tasks.get(0).tokens() > sequence - 20);
      assertEquals(": REGISTER_CONTENT is <", tasks.get(0).filler());
      assertTrue(sequence < 3000 || tasks.get(0).asked().size() >= 128);
    }
  }

  @Test
  void labelsAreCountedWithoutMakingSequences() {
    Samples samples = samples();
    for (int level = 0; level < samples.levels(); level++) {
      samples.level(level);
      for (long index = 0; index < 10; index++) {
        assertEquals(samples.sample(index).counted(), samples.labels(index));
      }
    }
  }

  /** Whatever was read before, by whom, at which level: a sequence is what it is. */
  @Test
  void sequencesDependOnNothingElse() {
    Samples one = samples();
    Samples other = samples();
    List<Sample> forward = new ArrayList<>();
    for (int level = 0; level < one.levels(); level++) {
      one.level(level);
      for (long index = 0; index < 4; index++) {
        forward.add(one.sample(index));
      }
    }
    for (int level = one.levels() - 1; level >= 0; level--) {
      other.level(level);
      for (int index = 3; index >= 0; index--) {
        other.labels(index + 7);
        Sample expected = forward.get(4 * level + index);
        assertArrayEquals(expected.tokens(), other.sample(index).tokens());
        assertArrayEquals(expected.labels(), other.sample(index).labels());
      }
    }
  }

  @Test
  void seedsLevelsAndIndicesDiffer() {
    Set<String> contexts = new HashSet<>();
    int made = 0;
    for (String seed : List.of("train.seed=1", "train.seed=2")) {
      Samples samples = samples(seed);
      for (int level = 0; level < samples.levels(); level++) {
        samples.level(level);
        for (long index = 0; index < 10; index++) {
          for (LineTexts.Task task : tasks(samples.sample(index))) {
            // the beginning: tasks of another level must not go on with the same lines
            contexts.add(task.lines().entrySet().stream().limit(3).toList().toString());
            made++;
          }
        }
      }
    }
    assertEquals(made, contexts.size());
    assertNotEquals(samples("train.seed=1").digest(), samples("train.seed=2").digest());
    assertNotEquals(samples().digest(), samples("lines.fewNouns=0.25").digest());
    assertEquals(samples().digest(), samples().digest());
  }

  /** Tasks of the first number of lines get their words one by one, unless the input wants all. */
  @Test
  void fillerGrowsAtTheFirstLevels() {
    Samples samples = samples("lines.filler=growing");
    List<String> fillers =
        List.of("", " <", " is <", " REGISTER_CONTENT is <", ": REGISTER_CONTENT is <");
    for (int level = 0; level < samples.levels(); level++) {
      samples.level(level);
      for (long index = 0; index < 5; index++) {
        for (LineTexts.Task task : tasks(samples.sample(index))) {
          assertEquals(fillers.get(Math.min(level, 4)), task.filler());
          assertEquals(level < 5, task.lines().size() == 4, "level " + level);
        }
        assertEquals(samples.sample(index).counted(), samples.labels(index));
      }
    }
    assertTrue(
        samples.endless().orElseThrow().contains("4 (1 words left out), 4, 6, 9"),
        samples.endless().toString());
    assertEquals(1, samples("lines.filler=growing", "lines.first=0").levels());
  }

  /** A sequence of one task has no second document, however much of it is left over. */
  @Test
  void paddingBelongsToTheLastTask() {
    Samples samples = samples("lines.questions=70", "lines.filler=growing");
    assertArrayEquals(new int[] {0}, samples.sample(0).documents());
    assertTrue(tasks(samples.sample(0)).get(0).tokens() < 1300);
  }

  @Test
  void documentsArePaddedAndPositionsBeginWhereTheInputSays() {
    Samples samples = samples("data.documentMultiple=64", "data.firstPosition=1000");
    for (int level : new int[] {0, 3, samples.levels() - 1}) {
      samples.level(level);
      Sample sample = samples.sample(5);
      assertTrue(Arrays.stream(sample.documents()).allMatch(start -> start % 64 == 0));
      assertTrue(LineTexts.of(sample, tokenizer, 1000).size() >= 1);
      assertEquals(sample.counted(), samples.labels(5));
    }
  }

  @Test
  void evaluationHasTasksOfItsOwnAndAnEnd() {
    HeldOutSamples heldOut = Given.heldOut(configuration());
    Samples samples = samples();
    samples.level(samples.levels() - 1);
    assertEquals(3, heldOut.sequences());
    long labels = 0;
    long tokens = 0;
    for (long index = 0; index < 3; index++) {
      List<LineTexts.Task> tasks = tasks(heldOut.sample(index));
      assertEquals(1, tasks.size());
      assertTrue(tasks.get(0).tokens() > 2048 - 20);
      assertNotEquals(tasks(samples.sample(index)).get(0).lines(), tasks.get(0).lines());
      labels += heldOut.sample(index).counted();
      tokens += tasks.get(0).tokens();
    }
    assertEquals(labels, heldOut.labels());
    assertEquals(tokens, heldOut.tokens());
    assertEquals(0, heldOut.sample(3).counted());
    assertEquals(2048, heldOut.sample(3).tokens().length);
    assertEquals(0, heldOut.labels(3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          data.path=texts | data.path = "texts": must not be given with data.format = "lines", which reads no files
          data.field=text | data.field = "text": must not be given with data.format = "lines", which reads no files
          data.cache=c | data.cache = "c": must not be given with data.format = "lines", which reads no files
          data.documents=false | data.documents = false: must be true with data.format = "lines"
          data.tokenizer=bytes | data.tokenizer = "bytes": must be "lines" with data.format = "lines"
          data.documentMultiple=100 | data.documentMultiple = 100: must divide train.sequence (2048)
          validation.fraction=0.1 | validation.fraction = 0.1: must not be given with data.format = "lines": no task is learned twice, so the loss of training is that of tasks never seen
          validation.path=x | validation.path = "x": must not be given with data.format = "lines": no task is learned twice, so the loss of training is that of tasks never seen
          model.vocabulary=531 | data.tokenizer = "lines": has tokens up to 531, must be below model.vocabulary (531)
          lines.first=68 | lines.first = 68: must be below 68, the lines that fill train.sequence (2048)
          lines.growth=1 | lines.growth = 1: must be a number, above 1
          lines.questions=102 | lines.questions = 102: must be at most 101, so that a line and its questions fit into train.sequence (2048)
          lines.nouns=257 | lines.nouns = 257: must be a whole number, 1 to 256
          lines.numbers=[5] | lines.numbers = [5]: must be the lowest and the highest number, two numbers that rise
          lines.numbers=[9, 9] | lines.numbers = [9, 9]: must be the lowest and the highest number, two numbers that rise
          lines.fewNouns=1.5 | lines.fewNouns = 1.5: must be a number, at least 0, at most 1
          train.sequence=34 | train.sequence = 34: must be at least 35 with data.format = "lines": a line and a question
          """)
  void badKeysAreRefused(String key, String message) {
    InputException refused = assertThrows(InputException.class, () -> samples(key));
    assertEquals(message, refused.getMessage().replaceFirst("^(-D|no input file:) ", ""));
  }

  @Test
  void keysMustSuffice() {
    InputException refused =
        assertThrows(InputException.class, () -> samples("lines.adjectives=67", "lines.nouns=1"));
    assertEquals(
        "-D lines.adjectives = 67: must give, with lines.nouns, a key to each of 68 lines that fill"
            + " train.sequence (2048), gives 67",
        refused.getMessage());
    Samples enough = samples("lines.adjectives=68", "lines.nouns=1");
    enough.level(enough.levels() - 1);
    assertEquals(68, tasks(enough.sample(0)).get(0).lines().size());
    assertThrows(
        InputException.class, () -> Given.heldOut(configuration("validation.sequences=0")).close());
    assertEquals(532, LineVocabulary.SIZE); // what docs/data.md says
  }
}
