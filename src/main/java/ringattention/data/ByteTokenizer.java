package ringattention.data;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * The tokens of a text are its bytes: any file is text, and no vocabulary has to be learned. A
 * document ends with a newline.
 */
final class ByteTokenizer implements Tokenizer {
  private static final int BYTES = 256;

  @Override
  public int[] encode(String text) {
    return tokens(WellFormed.text(text).getBytes(StandardCharsets.UTF_8));
  }

  /** One token in [0, 256) per byte. */
  static int[] tokens(byte[] bytes) {
    int[] tokens = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      tokens[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return tokens;
  }

  @Override
  public Spans spans(String text) {
    int[] tokens = encode(text);
    int[] starts = new int[tokens.length];
    int at = 0;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int bytes = encode(Character.toString(text.codePointAt(i))).length;
      for (int end = at + bytes; at < end; at++) {
        starts[at] = i;
      }
    }
    return new Spans(tokens, starts);
  }

  @Override
  public String decode(int[] tokens, boolean skipSpecial) {
    byte[] bytes = new byte[tokens.length];
    int count = 0;
    for (int token : tokens) {
      if (token >= 0 && token < BYTES) {
        bytes[count++] = (byte) token;
      }
    }
    return new String(bytes, 0, count, StandardCharsets.UTF_8);
  }

  @Override
  public OptionalInt token(String spelling) {
    int[] tokens = encode(spelling);
    return tokens.length == 1 ? OptionalInt.of(tokens[0]) : OptionalInt.empty();
  }

  @Override
  public int vocabulary() {
    return BYTES;
  }

  @Override
  public int end() {
    return '\n';
  }

  @Override
  public String endText() {
    return "\n";
  }

  @Override
  public int[] begin() {
    return new int[0];
  }

  @Override
  public TextCuts cuts() {
    return TextCuts.EVERYWHERE;
  }

  @Override
  public String fingerprint() {
    return "bytes";
  }

  @Override
  public void close() {}
}
