package ringattention.data;

/** The tokens of a text are its bytes: any file is text, and no vocabulary has to be learned. */
public final class ByteTokenizer {
  /** Number of tokens: every byte value is one. */
  public static final int VOCABULARY = 256;

  private ByteTokenizer() {}

  /** One token in [0, 256) per byte. */
  public static int[] encode(byte[] bytes) {
    int[] tokens = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      tokens[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return tokens;
  }

  /** The bytes behind the tokens. */
  public static byte[] decode(int[] tokens) {
    byte[] bytes = new byte[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= VOCABULARY) {
        throw new IllegalArgumentException("token " + tokens[i] + " is not a byte");
      }
      bytes[i] = (byte) tokens[i];
    }
    return bytes;
  }
}
