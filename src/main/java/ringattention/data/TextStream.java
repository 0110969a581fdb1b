package ringattention.data;

import java.util.Arrays;

/**
 * The text of tokens that come one by one, given as soon as it is complete. What all calls return,
 * put together, is the text of all tokens behind what came before them: a character of several
 * tokens comes out whole with its last one, and spaces between tokens are those of the whole.
 * Special tokens stand for nothing.
 *
 * <p>Text is what the last tokens add to the text of those before them, so that a tokenizer whose
 * first token has other spaces than the next (Llama 2) is asked for the difference only.
 */
public final class TextStream {
  private static final char REPLACEMENT = '\ufffd';
  private static final int BEFORE = 64; // tokens; enough for any character and any space

  private final Tokenizer tokenizer;
  private int[] window; // the last tokens whose text is out, then those whose text is not
  private int count; // tokens in it
  private int shown; // of them, those whose text is out
  private String shownText; // theirs

  /** Makes a stream of a text of its own. */
  public TextStream(Tokenizer tokenizer) {
    this(tokenizer, new int[0]);
  }

  /**
   * Makes a stream of what follows tokens whose text is known. A character that they begin and the
   * stream ends comes out whole.
   */
  public TextStream(Tokenizer tokenizer, int[] before) {
    this.tokenizer = tokenizer;
    this.window = Arrays.copyOfRange(before, Math.max(0, before.length - BEFORE), before.length);
    this.count = window.length;
    advance(0);
  }

  /** Takes the next token. Returns the text that is complete with it, often none. */
  public String add(int token) {
    if (count == window.length) {
      window = Arrays.copyOf(window, 2 * count + BEFORE);
    }
    window[count++] = token;
    String text = text();
    String fresh = fresh(text);
    if (fresh.isEmpty() || text.charAt(text.length() - 1) == REPLACEMENT) {
      return ""; // the next token may make another character of it
    }
    advance(shown);
    return fresh;
  }

  /** Returns what is left when no token follows, bytes of half a character as U+FFFD. */
  public String finish() {
    String fresh = fresh(text());
    advance(shown);
    return fresh;
  }

  private String text() {
    return tokenizer.decode(Arrays.copyOf(window, count), true);
  }

  /** Returns what a text has behind the text that is out. */
  private String fresh(String text) {
    int same = 0;
    while (same < Math.min(text.length(), shownText.length())
        && text.charAt(same) == shownText.charAt(same)) {
      same++;
    }
    return text.substring(same);
  }

  /** Says that all text is out, and forgets the first tokens. */
  private void advance(int forgotten) {
    System.arraycopy(window, forgotten, window, 0, count - forgotten);
    count -= forgotten;
    shown = count;
    shownText = text();
  }
}
