package ringattention.data.lines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import ringattention.command.Sections;

/** A thousand tasks: keys, numbers, and where the lines are that are asked for. */
class LineTasksTest {
  private static final int TASKS = 1000;
  private static final int LINES = 20;

  private static LinesConfig config(String... keys) {
    return Sections.INPUTS.defaults(List.of(keys)).get(LinesConfig.SECTION);
  }

  private static List<String> keys(LineTask task) {
    return Arrays.stream(task.context().split("\n"))
        .map(line -> line.substring("line ".length(), line.indexOf(':')))
        .toList();
  }

  private static List<Integer> numbers(LineTask task) {
    return Arrays.stream(task.context().split("\n"))
        .map(line -> Integer.valueOf(line.substring(line.indexOf('<') + 1, line.indexOf('>'))))
        .toList();
  }

  private static LineTask task(LineTasks tasks, int lines, int questions, long index) {
    return LineTask.of(tasks.draw(lines, questions, 0, index));
  }

  private static List<LineTask> thousand(LineTasks tasks) {
    List<LineTask> all = new ArrayList<>();
    for (int index = 0; index < TASKS; index++) {
      all.add(task(tasks, LINES, 25, index));
    }
    return all;
  }

  @Test
  void keysAreUniqueAndNoTwoTasksHaveTheSame() {
    Set<List<String>> seen = new HashSet<>();
    for (LineTask task : thousand(new LineTasks(config(), 1, "test"))) {
      List<String> keys = keys(task);
      assertEquals(LINES, new HashSet<>(keys).size());
      assertTrue(seen.add(keys));
    }
  }

  /** Sum of (seen - expected)^2 / expected; 19 is its mean with 20 cells, 6.2 its deviation. */
  private static double chiSquare(int... seen) {
    double expected = Arrays.stream(seen).sum() / (double) seen.length;
    return Arrays.stream(seen).mapToDouble(n -> (n - expected) * (n - expected) / expected).sum();
  }

  @Test
  void everyPlaceIsAskedForAsOften() {
    int[] asked = new int[LINES];
    for (LineTask task : thousand(new LineTasks(config(), 1, "test"))) {
      List<String> lines = Arrays.asList(task.context().split("\n"));
      for (LineTask.Question question : task.questions()) {
        String line = lines.get(question.line());
        assertTrue((question.prompt() + question.answer()).endsWith("? Answer: " + line));
        assertTrue(question.prompt().startsWith("Question: " + keys(task).get(question.line())));
        assertEquals(question.number(), numbers(task).get(question.line()));
        asked[question.line()]++;
      }
    }
    assertTrue(chiSquare(asked) < 60, Arrays.toString(asked));
  }

  @Test
  void numbersAreOfTheWholeRange() {
    int[] deciles = new int[10];
    thousand(new LineTasks(config(), 3, "test"))
        .forEach(task -> numbers(task).forEach(number -> deciles[(number - 1) / 5000]++));
    assertTrue(chiSquare(deciles) < 45, Arrays.toString(deciles));
    Set<Integer> few = new HashSet<>();
    thousand(new LineTasks(config("lines.numbers=[98, 101]"), 3, "test"))
        .forEach(task -> few.addAll(numbers(task)));
    assertEquals(Set.of(98, 99, 100, 101), few);
  }

  private static long withFewNouns(LineTasks tasks) {
    return thousand(tasks).stream()
        .filter(task -> nouns(task) <= 8)
        .peek(task -> assertTrue(nouns(task) > 3))
        .count();
  }

  private static int nouns(LineTask task) {
    return keys(task).stream()
        .map(key -> key.substring(key.indexOf('-') + 1))
        .collect(Collectors.toSet())
        .size();
  }

  /** Twenty keys of all nouns have more than 8 of them but once in more than a billion tasks. */
  @Test
  void aShareOfTheTasksHasFewNouns() {
    assertEquals(500, withFewNouns(new LineTasks(config(), 1, "test")), 80); // 5 deviations
    assertEquals(0, withFewNouns(new LineTasks(config("lines.fewNouns=0"), 1, "test")));
    assertEquals(TASKS, withFewNouns(new LineTasks(config("lines.fewNouns=1"), 1, "test")));
    LineTask many = task(new LineTasks(config("lines.fewNouns=1"), 1, "test"), 4000, 1, 0);
    assertEquals(4000, new HashSet<>(keys(many)).size());
    assertTrue(nouns(many) <= 32, nouns(many) + " nouns"); // twice the keys that are needed
  }

  /** Nouns of few are not always the same. */
  @Test
  void fewNounsAreDrawn() {
    Set<String> all = new HashSet<>();
    thousand(new LineTasks(config("lines.fewNouns=1"), 1, "test"))
        .forEach(task -> keys(task).forEach(key -> all.add(key.substring(key.indexOf('-')))));
    assertEquals(256, all.size());
  }

  @Test
  void everyKeyCanBeUsed() {
    LineTasks tasks = new LineTasks(config("lines.adjectives=5", "lines.nouns=3"), 1, "test");
    for (int index = 0; index < 50; index++) {
      assertEquals(15, new HashSet<>(keys(task(tasks, 15, 1, index))).size());
    }
    assertThrows(IllegalArgumentException.class, () -> task(tasks, 16, 1, 0));
  }

  @Test
  void seedsAndStreamsHaveNothingInCommon() {
    LineTask task = task(new LineTasks(config(), 1, "one"), LINES, 5, 0);
    assertEquals(task, task(new LineTasks(config(), 1, "one"), LINES, 5, 0));
    for (LineTasks other :
        List.of(new LineTasks(config(), 2, "one"), new LineTasks(config(), 1, "two"))) {
      assertNotEquals(task.context(), task(other, LINES, 5, 0).context());
    }
  }

  @Test
  void tasksFillTokens() {
    LineTasks tasks = new LineTasks(config(), 1, "test");
    for (int index = 0; index < 50; index++) {
      LineDraw draw = tasks.filled(3000, 10, index);
      assertTrue(draw.size() <= 3000 && draw.size() > 3000 - 20, draw.size() + " tokens");
      assertTrue(draw.questions() >= 10 && draw.questions() <= 14, draw.questions() + " questions");
      assertTrue(draw.lines() >= 186, draw.lines() + " lines");
    }
    assertThrows(IllegalArgumentException.class, () -> tasks.filled(214, 10, 0));
    assertEquals(1, task(tasks, 1, 3, 0).context().lines().count());
  }
}
