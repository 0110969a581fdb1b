package ringattention.infer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.data.Tokenizer;

/**
 * Texts of requests as tokens. A text that begins is given the tokens that begin every document.
 */
public final class PromptTokens {
  private static final String LINE_END = "\n";

  private final Tokenizer tokenizer;
  private final int[] lineEnd;
  private final Map<String, int[]> contexts = new HashMap<>(); // long ones, used again and again

  public PromptTokens(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.lineEnd = lineEnd();
  }

  private int[] lineEnd() {
    try {
      return tokenizer.encode(LINE_END);
    } catch (IllegalArgumentException unknown) {
      return new int[0];
    }
  }

  /**
   * Returns the tokens of a text that nothing comes before. Tokens that begin a document are not
   * put there twice if the text spells them.
   *
   * @throws IllegalArgumentException if it has what the tokenizer has no token for
   */
  public int[] first(String text) {
    int[] begin = tokenizer.begin();
    int[] tokens = tokenizer.encode(text);
    boolean spelled =
        tokens.length >= begin.length
            && Arrays.equals(begin, 0, begin.length, tokens, 0, begin.length);
    return spelled
        ? tokens
        : IntStream.concat(Arrays.stream(begin), Arrays.stream(tokens)).toArray();
  }

  /**
   * Returns the tokens of a text that says itself what it begins with.
   *
   * @throws IllegalArgumentException if it has what the tokenizer has no token for
   */
  public int[] whole(String text) {
    return tokenizer.encode(text);
  }

  /** Returns {@link #first} of a text that several requests have. */
  int[] context(String text) {
    return contexts.computeIfAbsent(text, this::first);
  }

  /**
   * Returns the tokens of a text behind a context. They are those that it has behind the end of a
   * line, so that no tokenizer takes it for the beginning of a text: a context that ends a line and
   * the prompt have the tokens that both have as one text.
   *
   * @throws IllegalArgumentException if it has what the tokenizer has no token for
   */
  public int[] behind(String text) {
    int[] tokens = tokenizer.encode(LINE_END + text);
    boolean apart =
        lineEnd.length > 0
            && tokens.length >= lineEnd.length
            && Arrays.equals(lineEnd, 0, lineEnd.length, tokens, 0, lineEnd.length);
    return apart
        ? Arrays.copyOfRange(tokens, lineEnd.length, tokens.length)
        : tokenizer.encode(text);
  }
}
