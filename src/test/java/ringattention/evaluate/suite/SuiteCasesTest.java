package ringattention.evaluate.suite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.data.Tokenizer;
import ringattention.infer.Request;
import ringattention.input.InputException;

/** What is asked: lengths, depths, and that each value is there once. */
class SuiteCasesTest {
  private static final Pattern LINE =
      Pattern.compile("line ([a-z]+-[a-z]+): REGISTER_CONTENT is <([0-9]+)>\n");

  @TempDir Path folder;

  private static String[] keys(String all) {
    return all.split("; ");
  }

  private static List<String> lines(String text, int group) {
    return LINE.matcher(text).results().map((MatchResult one) -> one.group(group)).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes | name=lines; lengths=[1024,4096,5000]; contexts=3",
        "bytes | name=needle; lengths=[1024,4096]; contexts=2; depths=[0,30,100]",
        "bytes | name=niah; lengths=[2048,4096]; keys=4; values=2; queries=2; contexts=3",
        "pairs | name=lines; lengths=[2048,4096]; contexts=3; newTokens=7",
        "pairs | name=needle; lengths=[1024,2500]; contexts=2",
        "pairs | name=niah; lengths=[3000,4096]; keys=6; questions=3; contexts=3"
      })
  void lengthsAreThoseAskedFor(String name, String suite) {
    try (Tokenizer tokenizer = Given.tokenizer(name.equals("pairs") ? Given.PAIRS : name)) {
      SuiteCases cases = Given.cases(tokenizer, keys(suite));
      assertTrue(cases.cases().size() >= 6, cases.toString());
      for (Case one : cases.cases()) {
        Request request = one.request();
        int tokens = request.tokens() + request.settings().maxNewTokens();
        assertTrue(
            tokens > one.length() - 64 && tokens <= one.length(), request.id() + ": " + tokens);
      }
      Set<String> ids = cases.requests().stream().map(Request::id).collect(Collectors.toSet());
      assertEquals(cases.cases().size(), ids.size());
    }
  }

  /** Keys and numbers are there once, and the right ones are asked for. */
  @Test
  void linesAreAllDifferent() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.PAIRS)) {
      SuiteCases cases =
          Given.cases(tokenizer, keys("name=lines; lengths=[8000]; contexts=4; questions=5"));
      List<Double> depths = new ArrayList<>();
      for (Case one : cases.cases()) {
        String text = Given.read(tokenizer, one);
        List<String> names = lines(text, 1);
        List<String> numbers = lines(text, 2);
        assertTrue(names.size() > 100, text);
        assertEquals(names.size(), new HashSet<>(names).size());
        assertEquals(numbers.size(), new HashSet<>(numbers).size());
        String expected = one.question().expected().get(0);
        int line = numbers.indexOf(expected);
        assertTrue(text.endsWith("in line " + names.get(line) + "? I need the number. "), text);
        assertEquals(100.0 * line / (names.size() - 1), one.question().depth(), 1e-9);
        assertFalse(one.question().text().matches(".*[0-9].*"));
        depths.add(one.question().depth());
      }
      for (int part = 0; part < 5; part++) { // each question in its fifth of the text
        double from = 20 * part - 1;
        double to = 20 * part + 21;
        assertEquals(4, depths.stream().filter(depth -> depth >= from && depth <= to).count(), 1);
      }
      assertTrue(new HashSet<>(depths).size() > 15, depths.toString());
    }
  }

  @Test
  void noTwoContextsAreDrawnAlike() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      String suite = "name=lines; lengths=[2048,2040]; contexts=5; questions=1";
      SuiteCases cases = Given.cases(tokenizer, keys(suite));
      Set<List<String>> drawn = new HashSet<>();
      for (Case one : cases.cases()) {
        drawn.add(lines(Given.read(tokenizer, one), 1).subList(0, 3));
      }
      assertEquals(10, drawn.size());
      SuiteCases again = Given.cases(tokenizer, keys(suite));
      SuiteCases other = Given.cases(tokenizer, keys(suite + "; seed=2"));
      for (int i = 0; i < 10; i++) {
        int[] first = cases.requests().get(i).prompt();
        assertArrayEquals(first, again.requests().get(i).prompt());
        assertFalse(Arrays.equals(first, other.requests().get(i).prompt()));
      }
    }
  }

  @Test
  void questionsOfAContextShareItsTokens() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.PAIRS)) {
      SuiteCases cases =
          Given.cases(tokenizer, keys("name=lines; lengths=[4000]; contexts=2; questions=3"));
      List<Request> all = cases.requests();
      for (int i = 0; i < 6; i++) {
        assertSame(all.get(i / 3 * 3).context(), all.get(i).context());
        String[] parts = Given.read(tokenizer, cases.cases().get(i)).split("\n\n");
        assertEquals(3, parts.length); // head, lines, question
        assertTrue(parts[2].startsWith("Now the record is over."), parts[2]); // without a space
        int[] whole = tokenizer.encode(String.join("\n\n", parts));
        int[] read = new int[all.get(i).tokens() - 1]; // one token begins the text
        System.arraycopy(all.get(i).context(), 1, read, 0, all.get(i).context().length - 1);
        System.arraycopy(
            all.get(i).prompt(),
            0,
            read,
            all.get(i).context().length - 1,
            all.get(i).prompt().length);
        assertArrayEquals(whole, read);
        assertEquals(1, all.get(i).context()[0]);
      }
      assertNotEquals(all.get(0).context().length, 0);
      assertFalse(Arrays.equals(all.get(0).context(), all.get(3).context()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes", "pairs"})
  void needlesLieWhereTheyAreAskedFor(String name) throws IOException {
    Path haystack = folder.resolve("text");
    Files.createDirectories(haystack.resolve("below"));
    StringBuilder book = new StringBuilder();
    for (int i = 0; i < 900; i++) {
      book.append("Sentence number ").append(i).append(" is not long.\n");
    }
    Files.writeString(haystack.resolve("below/a.txt"), book);
    try (Tokenizer tokenizer = Given.tokenizer(name.equals("pairs") ? Given.PAIRS : name)) {
      String suite = "name=needle; lengths=[6000]; contexts=3; depths=[0,25,50,100]; haystack=";
      SuiteCases cases = Given.cases(tokenizer, keys(suite + haystack));
      assertEquals(12, cases.cases().size());
      for (Case one : cases.cases()) {
        String text = Given.read(tokenizer, one);
        String number = one.question().expected().get(0);
        assertTrue(number.matches("[1-9][0-9]{6}"), number);
        assertEquals(1, Given.times(number, text));
        String needle = text.lines().filter(line -> line.contains(number)).findFirst().get();
        assertTrue(needle.matches(".*The special magic [A-Z][a-z]+ number is: [0-9]{7}"), needle);
        String begin = "You are a helpful assistant. USER: ";
        String end = " What is the special magic ";
        int at = text.indexOf("The special magic") - begin.length();
        int behind = text.indexOf(end);
        int depth = one.depth().getAsInt();
        if (depth == 0) {
          assertEquals(0, at, text);
        } else if (depth == 100) {
          assertTrue(text.contains(number + "\n" + end), text);
        } else {
          double found = 100.0 * at / (behind - begin.length() - needle.length());
          assertEquals(depth, found, 2, text);
          assertTrue(text.contains("is not long.\nThe special magic"), text);
        }
        assertEquals(depth, one.question().depth(), 2);
        assertTrue(text.endsWith(" ASSISTANT: "), text);
      }
    }
  }

  @Test
  void ofNiahEveryValueIsThereOnceAndOnlyThoseOfTheQuestionCount() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      String suite =
          "name=niah; lengths=[4096]; contexts=4; keys=6; values=2; queries=2; questions=2";
      for (Case one : Given.cases(tokenizer, keys(suite)).cases()) {
        String text = Given.read(tokenizer, one);
        String question = text.substring(text.lastIndexOf("\nWhat are all"));
        List<MatchResult> hidden =
            Pattern.compile("One of the special magic numbers for ([a-z-]+) is: ([0-9]{7})\\.")
                .matcher(text)
                .results()
                .toList();
        assertEquals(12, hidden.size());
        assertEquals(12, hidden.stream().map(found -> found.group(2)).distinct().count());
        assertEquals(6, hidden.stream().map(found -> found.group(1)).distinct().count());
        Set<String> asked =
            hidden.stream()
                .filter(found -> question.contains(found.group(1)))
                .map(found -> found.group(2))
                .collect(Collectors.toSet());
        assertEquals(4, asked.size());
        assertEquals(asked, new HashSet<>(one.question().expected()));
        assertTrue(question.endsWith(" mentioned in the provided text are"), question);
      }
    }
  }

  @Test
  void oneNumberIsSingular() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      Case one = Given.cases(tokenizer, "name=niah", "lengths=[2048]").cases().get(0);
      String text = Given.read(tokenizer, one);
      assertTrue(text.startsWith("A special magic number is hidden within"), text);
      assertTrue(text.contains("\nWhat is the special magic number for "), text);
      assertTrue(text.endsWith(" mentioned in the provided text is"), text);
    }
  }

  /** What the answer is begun with comes behind the words that give the assistant its turn. */
  @Test
  void chatsAreWrapped() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      String[] niah = keys("name=niah; lengths=[2048]; contexts=1; keys=4; questions=2");
      SuiteCases cases = Given.chats(tokenizer, "vicuna", null, niah);
      for (Case one : cases.cases()) {
        String text = Given.read(tokenizer, one);
        assertTrue(text.contains(" USER: A special magic number is hidden"), text);
        assertTrue(text.contains("provided text? ASSISTANT: The special magic number"), text);
        assertTrue(one.request().context().length > one.request().prompt().length);
      }
      String[] needle = keys("name=needle; lengths=[1024]; contexts=1");
      String text =
          Given.read(tokenizer, Given.chats(tokenizer, "vicuna", null, needle).cases().get(0));
      assertEquals(1, Given.times("USER:", text), text);
      assertEquals(1, Given.times("ASSISTANT:", text), text);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name=lines; lengths=[300]                   | suite.lengths = [300]: 300 is too short",
        "name=lines; lengths=[4096,4096]             | suite.lengths = [4096, 4096]: must not have",
        "name=niah; keys=3; queries=2; questions=2   | suite.keys = 3: must be at least queries",
        "name=lines; depths=[1]                      | suite.depths = [1]: only of needle",
        "name=needle; questions=3                    | suite.questions = 3: a needle or",
        "name=needle; haystack=nowhere               | suite.haystack = \"nowhere\": no such file",
        "name=niah; wording=lines                    | suite.name = \"niah\": cannot be asked",
        "name=needle; model.slidingWindow=100        | suite.lengths = [4096]: request 4096/0%/1"
      })
  void refused(String suite, String problem) {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      InputException refused =
          assertThrows(InputException.class, () -> Given.cases(tokenizer, keys(suite)));
      assertTrue(refused.getMessage().contains(problem), refused.getMessage());
    }
  }

  /** Of a tokenizer that has no words for text, lines are asked as they are trained. */
  @Test
  void linesAsTheyAreTrained() {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      String suite = "name=needle; wording=lines; lengths=[3000]; contexts=2; depths=[0,50,100]";
      for (Case one : Given.cases(tokenizer, keys(suite)).cases()) {
        String text = Given.read(tokenizer, one);
        List<String> numbers = lines(text, 2);
        int line = numbers.indexOf(one.question().expected().get(0));
        int last = numbers.size() - 1;
        assertEquals(Math.round(one.depth().getAsInt() / 100.0 * last), line);
        String key = lines(text, 1).get(line);
        String asked = "Question: " + key + "? Answer: line " + key + ": REGISTER_CONTENT is <";
        assertTrue(text.startsWith("line ") && text.endsWith(">\n" + asked), text);
        assertEquals(List.of("\n"), one.request().settings().stop());
      }
    }
    try (Tokenizer words = Given.tokenizer("src/test/resources/tokenizers/words")) {
      InputException refused =
          assertThrows(InputException.class, () -> Given.cases(words, "name=lines"));
      assertTrue(refused.getMessage().contains("suite.wording"), refused.getMessage());
    }
  }
}
