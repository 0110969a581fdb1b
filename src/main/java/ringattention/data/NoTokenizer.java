package ringattention.data;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Stands for a tokenizer that nobody has named: its tokens are numbers, and no text has any. */
final class NoTokenizer implements Tokenizer {
  /**
   * @throws IllegalArgumentException always
   */
  @Override
  public int[] encode(String text) {
    throw new IllegalArgumentException("there is no tokenizer: data.tokenizer is \"none\"");
  }

  /**
   * @throws IllegalArgumentException always
   */
  @Override
  public Spans spans(String text) {
    throw new IllegalArgumentException("there is no tokenizer: data.tokenizer is \"none\"");
  }

  /** Returns the numbers. */
  @Override
  public String decode(int[] tokens, boolean skipSpecial) {
    return Arrays.stream(tokens).mapToObj(token -> token + " ").collect(Collectors.joining());
  }

  @Override
  public OptionalInt token(String spelling) {
    return OptionalInt.empty();
  }

  @Override
  public TextCuts cuts() {
    return TextCuts.NOWHERE;
  }

  @Override
  public int vocabulary() {
    return 0;
  }

  /** Returns 0, which pads and counts nothing. */
  @Override
  public int end() {
    return 0;
  }

  @Override
  public String endText() {
    return "";
  }

  @Override
  public int[] begin() {
    return new int[0];
  }

  @Override
  public String fingerprint() {
    return DataConfig.NONE;
  }

  @Override
  public void close() {}
}
