package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads sequences of lines back from their text, which knows nothing of how they were made. */
final class LineTexts {
  private static final String KEY = "[a-z]+-[a-z]+";
  private static final String FILLER = ":? ?(?:REGISTER_CONTENT)?(?: is)?(?: <)?";
  private static final Pattern LINE = Pattern.compile("line (" + KEY + ")(" + FILLER + ")(\\d+)>");
  private static final Pattern QUESTION =
      Pattern.compile("Question: (" + KEY + ")\\? Answer: (line .*>)");
  private static final List<String> FILLERS =
      List.of(": REGISTER_CONTENT is <", " REGISTER_CONTENT is <", " is <", " <", "");

  private LineTexts() {}

  /**
   * One task as it is written.
   *
   * @param lines the key of each and its number
   * @param asked the keys
   * @param filler between key and number
   */
  record Task(Map<String, Integer> lines, List<String> asked, String filler, int tokens) {}

  /**
   * Returns the tasks of a sequence, after checking all that must hold for each; what is left is
   * padding.
   */
  static List<Task> of(Sample sample, Tokenizer tokenizer, int firstPosition) {
    List<Task> tasks = new ArrayList<>();
    int[] starts = sample.documents();
    assertEquals(0, starts[0]);
    for (int d = 0; d < starts.length; d++) {
      int end = d + 1 < starts.length ? starts[d + 1] : sample.tokens().length;
      for (int i = starts[d]; i < end; i++) {
        assertEquals(firstPosition + i - starts[d], sample.positions()[i]);
      }
      int[] tokens = Arrays.copyOfRange(sample.tokens(), starts[d], end);
      int[] labels = Arrays.copyOfRange(sample.labels(), starts[d], end);
      int size = tokens.length;
      while (size > 0 && tokens[size - 1] == tokenizer.end()) {
        size--; // a task ends with a newline
      }
      assertTrue(size > 0, "a document of padding");
      assertTrue(Arrays.stream(labels, size, labels.length).allMatch(l -> l == Sample.NO_LABEL));
      tasks.add(task(Arrays.copyOf(tokens, size), labels, tokenizer));
    }
    return tasks;
  }

  private static Task task(int[] tokens, int[] labels, Tokenizer tokenizer) {
    String text = tokenizer.decode(tokens, false);
    assertArrayEquals(tokenizer.encode(text), tokens);
    Map<String, Integer> lines = new LinkedHashMap<>();
    List<String> asked = new ArrayList<>();
    List<String> answers = new ArrayList<>();
    List<String> before = new ArrayList<>();
    String filler = null;
    for (String row : text.split("\n")) {
      Matcher question = QUESTION.matcher(row);
      boolean asks = question.matches();
      Matcher line = LINE.matcher(asks ? question.group(2) : row);
      assertTrue(line.matches(), row);
      int number = Integer.parseInt(line.group(3));
      assertEquals(Integer.toString(number), line.group(3), "no leading zeros");
      filler = filler == null ? line.group(2) : filler;
      assertEquals(filler, line.group(2));
      if (asks) {
        assertEquals(question.group(1), line.group(1));
        assertEquals(lines.get(line.group(1)), number, row);
        asked.add(line.group(1));
        answers.add(number + ">");
        before.add(row.substring(0, row.length() - answers.get(answers.size() - 1).length()));
      } else {
        assertTrue(asked.isEmpty(), "a line behind questions");
        assertEquals(null, lines.put(line.group(1), number), "a key twice: " + row);
      }
    }
    assertTrue(FILLERS.contains(filler), filler);
    assertRuns(tokens, labels, tokenizer, before, answers);
    return new Task(lines, asked, filler, tokens.length);
  }

  /** Every maximal run of labels is the number of an answer and what closes it, in their order. */
  private static void assertRuns(
      int[] tokens, int[] labels, Tokenizer tokenizer, List<String> before, List<String> answers) {
    int run = 0;
    for (int i = 0; i < tokens.length; ) {
      if (labels[i] == Sample.NO_LABEL) {
        i++;
        continue;
      }
      int end = i;
      while (end < tokens.length && labels[end] != Sample.NO_LABEL) {
        assertEquals(tokens[end + 1], labels[end]);
        end++;
      }
      assertEquals(answers.get(run), tokenizer.decode(Arrays.copyOfRange(labels, i, end), false));
      String read = tokenizer.decode(Arrays.copyOf(tokens, i + 1), false);
      assertTrue(read.endsWith("\n" + before.get(run)), before.get(run));
      run++;
      i = end;
    }
    assertEquals(answers.size(), run);
  }
}
