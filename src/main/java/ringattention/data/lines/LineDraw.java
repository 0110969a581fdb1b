package ringattention.data.lines;

import java.util.Arrays;
import java.util.BitSet;
import ringattention.random.Seed;

/**
 * What the seed has drawn for one task: numbers, keys, and which lines are asked for. Keys differ
 * from each other; numbers may repeat, and so may questions. Lines are written
 *
 * <pre>line brave-castle: REGISTER_CONTENT is &lt;12345&gt;</pre>
 *
 * and a question is
 *
 * <pre>Question: brave-castle? Answer: line brave-castle: REGISTER_CONTENT is &lt;12345&gt;</pre>
 */
public final class LineDraw {
  /**
   * Tokens that a question has before its answer: {@code Question: }, a key, {@code ? Answer: }.
   */
  static final int QUESTION_TOKENS = 5;

  private static final int FEW = 8; // nouns; as many lines have one in common that adjectives tell

  private final LinesConfig config;
  private final long seed;
  private final int leftOut; // tokens between key and number, from the front
  private final int[] numbers; // [lines]
  private final int[] asked; // [questions]: the line

  private LineDraw(LinesConfig config, long seed, int leftOut, int[] numbers, int[] asked) {
    this.config = config;
    this.seed = seed;
    this.leftOut = leftOut;
    this.numbers = numbers;
    this.asked = asked;
  }

  /**
   * Draws a task of so many lines and questions.
   *
   * @param seed of this task alone
   * @param leftOut words between key and number that are left out, from the front
   */
  static LineDraw of(LinesConfig config, long seed, int lines, int questions, int leftOut) {
    Seed numbers = Seed.of(seed, "numbers");
    int[] drawn = new int[lines];
    Arrays.setAll(drawn, line -> number(config, numbers, line));
    Seed questioned = Seed.of(seed, "questions");
    int[] asked = new int[questions];
    Arrays.setAll(asked, question -> below(questioned, question, lines));
    return new LineDraw(config, seed, leftOut, drawn, asked);
  }

  /**
   * Draws a task with as many lines as fit beside the questions, and with more questions where
   * their numbers are short: less than a question is left.
   *
   * @param tokens that there are
   * @param questions at least, which must leave room for a line
   */
  static LineDraw filling(LinesConfig config, long seed, int tokens, int questions) {
    Seed random = Seed.of(seed, "numbers");
    int room = tokens - questions * config.questionTokens();
    int[] numbers = new int[Math.min(config.keys(), room / lineTokens(0, 1))];
    int lines = 0;
    int used = 0;
    for (; lines < numbers.length; lines++) {
      numbers[lines] = number(config, random, lines);
      int more = lineTokens(0, LinesConfig.digits(numbers[lines]));
      if (used + more > room) {
        break;
      }
      used += more;
    }
    Seed questioned = Seed.of(seed, "questions");
    int[] asked = new int[(tokens - used) / (QUESTION_TOKENS + lineTokens(0, 1))];
    int count = 0;
    for (; count < asked.length; count++) {
      asked[count] = below(questioned, count, lines);
      int more = QUESTION_TOKENS + lineTokens(0, LinesConfig.digits(numbers[asked[count]]));
      if (used + more > tokens) {
        break;
      }
      used += more;
    }
    return new LineDraw(
        config, seed, 0, Arrays.copyOf(numbers, lines), Arrays.copyOf(asked, count));
  }

  /** Returns a number from 0 to {@code bound} - 1. */
  static int below(Seed seed, long index, int bound) {
    return (int) Long.remainderUnsigned(seed.bits(index), bound);
  }

  private static int number(LinesConfig config, Seed seed, int line) {
    return config.lowest() + below(seed, line, config.highest() - config.lowest() + 1);
  }

  /** Returns the tokens of a line. */
  static int lineTokens(int leftOut, int digits) {
    // line, adjective, hyphen, noun; filler; digits; the closing sign and a newline
    return 4 + LineVocabulary.FILLERS - leftOut + digits + 2;
  }

  /** Returns how many lines there are. */
  public int lines() {
    return numbers.length;
  }

  /** Returns how many questions there are. */
  public int questions() {
    return asked.length;
  }

  /** Returns the number of all tokens. */
  public int size() {
    int size = 0;
    for (int number : numbers) {
      size += lineTokens(leftOut, LinesConfig.digits(number));
    }
    for (int line : asked) {
      size += QUESTION_TOKENS + lineTokens(leftOut, LinesConfig.digits(numbers[line]));
    }
    return size;
  }

  /** Returns how many tokens are to be learned: digits of answers, and what closes them. */
  public int learned() {
    return Arrays.stream(asked).map(line -> LinesConfig.digits(numbers[line]) + 1).sum();
  }

  /**
   * Writes the task to a sequence.
   *
   * @param tokens [sequence]
   * @param labels [sequence]: the next token where it is to be learned, else {@code none}
   * @param at where it begins; {@link #size} places are written
   */
  public void put(int[] tokens, int[] labels, int at, int none) {
    Writer writer = new Writer(tokens, at);
    int[] keys = keys();
    writeContext(writer, keys);
    Arrays.fill(labels, at, at + size(), none);
    for (int line : asked) {
      writer.write(LineVocabulary.QUESTION);
      writer.key(keys[line]);
      writer.write(LineVocabulary.ANSWER);
      int number = writer.line(keys[line], numbers[line]);
      int close = writer.at - 2; // a newline follows
      System.arraycopy(tokens, number, labels, number - 1, close - number + 1);
    }
  }

  private void writeContext(Writer writer, int... keys) {
    for (int line = 0; line < numbers.length; line++) {
      writer.line(keys[line], numbers[line]);
    }
  }

  /** Returns a key for every line: adjective * {@link LineVocabulary#WORDS} + noun. */
  private int[] keys() {
    int[] nouns = nouns();
    int pool = config.adjectives() * nouns.length;
    Seed random = Seed.of(seed, "keys");
    BitSet taken = new BitSet(pool);
    int[] keys = new int[numbers.length];
    long draw = 0;
    for (int line = 0; line < keys.length; line++) {
      int key = below(random, draw++, pool);
      while (taken.get(key)) {
        key = below(random, draw++, pool);
      }
      taken.set(key);
      keys[line] = key / nouns.length * LineVocabulary.WORDS + nouns[key % nouns.length];
    }
    return keys;
  }

  /** Returns the nouns of this task: all, or a few in which the adjective must tell lines apart. */
  private int[] nouns() {
    int[] all = new int[config.nouns()];
    Arrays.setAll(all, noun -> noun);
    if (Seed.of(seed, "few nouns").uniform(0) > config.fewNouns()) { // in (0, 1]
      return all;
    }
    // half of the keys are left at least, so that no draw takes long
    int least = (2 * numbers.length + config.adjectives() - 1) / config.adjectives();
    int few = Math.min(all.length, Math.max(FEW, least));
    Seed random = Seed.of(seed, "nouns");
    for (int i = 0; i < few; i++) { // the beginning of Fisher and Yates
      int j = i + below(random, i, all.length - i);
      int swapped = all[i];
      all[i] = all[j];
      all[j] = swapped;
    }
    return Arrays.copyOf(all, few);
  }

  /** Puts tokens one after the other. */
  private final class Writer {
    private final int[] tokens;
    private int at;

    Writer(int[] tokens, int at) {
      this.tokens = tokens;
      this.at = at;
    }

    void write(int token) {
      tokens[at++] = token;
    }

    void key(int key) {
      write(LineVocabulary.ADJECTIVES + key / LineVocabulary.WORDS);
      write(LineVocabulary.HYPHEN);
      write(LineVocabulary.NOUNS + key % LineVocabulary.WORDS);
    }

    /** Returns where the number begins. */
    int line(int key, int number) {
      write(LineVocabulary.LINE);
      key(key);
      for (int i = leftOut; i < LineVocabulary.FILLERS; i++) {
        write(LineVocabulary.FILLER + i);
      }
      int begin = at;
      Integer.toString(number).chars().forEach(c -> write(LineVocabulary.DIGITS + c - '0'));
      write(LineVocabulary.CLOSE);
      write(LineVocabulary.NEWLINE);
      return begin;
    }
  }
}
