package ringattention.data.lines;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The tokens of line retrieval, each a piece of text: a word, a digit or a sign. The text of a task
 * is its pieces one after the other. This is the one place that says how lines and questions are
 * worded: LongEval's lines, and questions of our own.
 */
public final class LineVocabulary {
  /** Adjectives, and nouns, that there are. */
  public static final int WORDS = 256;

  static final int LINE = 0;
  static final int HYPHEN = 1;
  static final int QUESTION = 2;
  static final int ANSWER = 3;

  /** Ends an answer; also what sequences are padded with. */
  public static final int CLOSE = 4;

  static final int NEWLINE = 5;

  /** The first of the tokens between a key and its number. */
  static final int FILLER = 6;

  static final int FILLERS = 4;
  static final int DIGITS = FILLER + FILLERS;
  static final int ADJECTIVES = DIGITS + 10;
  static final int NOUNS = ADJECTIVES + WORDS;

  /** Number of all tokens. */
  public static final int SIZE = NOUNS + WORDS;

  // signs before and behind words belong to them as a rule: a line has fewer tokens
  private static final List<String> SIGNS =
      List.of(
          "line ",
          "-",
          "Question: ",
          "? Answer: ",
          ">",
          "\n",
          ":",
          " REGISTER_CONTENT",
          " is",
          " <");

  private static final List<String> PIECES = pieces();

  private LineVocabulary() {}

  /** Returns the text of every token, in the order of their numbers. */
  public static List<String> texts() {
    return PIECES;
  }

  /** Returns the adjectives of keys, {@value #WORDS}. */
  public static List<String> adjectives() {
    return PIECES.subList(ADJECTIVES, ADJECTIVES + WORDS);
  }

  /** Returns the nouns of keys, {@value #WORDS}. */
  public static List<String> nouns() {
    return PIECES.subList(NOUNS, NOUNS + WORDS);
  }

  /** Returns a line up to its number. */
  public static String line(String key) {
    return PIECES.get(LINE) + key + String.join("", PIECES.subList(FILLER, FILLER + FILLERS));
  }

  /** Returns a question up to where its answer begins. */
  public static String question(String key) {
    return PIECES.get(QUESTION) + key + PIECES.get(ANSWER);
  }

  /** Returns what stands between the number of a line and the next line. */
  public static String lineEnd() {
    return PIECES.get(CLOSE) + PIECES.get(NEWLINE);
  }

  private static List<String> pieces() {
    List<String> all = new ArrayList<>(SIGNS);
    for (int digit = 0; digit < 10; digit++) {
      all.add(Integer.toString(digit));
    }
    all.addAll(words("adjectives"));
    all.addAll(words("nouns"));
    return List.copyOf(all);
  }

  private static List<String> words(String name) {
    try (InputStream stream = LineVocabulary.class.getResourceAsStream("/lines/" + name + ".txt")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException impossible) { // it is in the program's jar
      throw new UncheckedIOException(impossible);
    }
  }
}
