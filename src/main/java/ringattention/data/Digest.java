package ringattention.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A name for contents. */
public final class Digest {
  private Digest() {}

  /** SHA-256 of texts, in 64 hexadecimal digits. */
  public static String of(String... texts) {
    MessageDigest digest = sha256();
    for (String text : texts) {
      update(digest, text);
      digest.update((byte) 0); // or "ab", "c" were "a", "bc"
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Returns the same of a text and of what {@code Arrays.toString} makes of numbers, which may be
   * too many for a text.
   */
  static String of(String text, int... numbers) {
    MessageDigest digest = sha256();
    update(digest, text);
    digest.update((byte) 0);
    update(digest, "[");
    for (int i = 0; i < numbers.length; i++) {
      update(digest, (i == 0 ? "" : ", ") + numbers[i]);
    }
    update(digest, "]");
    digest.update((byte) 0);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns a SHA-256 of nothing yet, for contents that come in pieces. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JVM has it
    }
  }
}
