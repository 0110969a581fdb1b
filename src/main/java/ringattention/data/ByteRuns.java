package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Map;

/**
 * Runs of tokens that stand for one byte each, as Llama 2 spells characters it has no token for.
 * The library gives up a whole run, to its first character, where one byte of it is no character;
 * so text that was complete would be taken back by a byte that follows. Here only the bytes that
 * are no character become U+FFFD, each one.
 *
 * @param bytes by token: the byte it stands for, or -1
 * @param tokens by byte; null if the decoder knows no such tokens
 */
record ByteRuns(int[] bytes, int[] tokens) {
  private static final String DECODER = "\"ByteFallback\"";
  private static final int BYTES = 256;
  private static final int[] REPLACEMENT = {0xEF, 0xBF, 0xBD}; // U+FFFD

  static ByteRuns of(TokenizerFiles files) {
    return of(files.ids(), files.json().contains(DECODER));
  }

  /**
   * @param fallback whether the decoder puts bytes together
   */
  private static ByteRuns of(Map<String, Integer> ids, boolean fallback) {
    int[] tokens = new int[BYTES];
    int[] bytes = new int[1 + ids.values().stream().mapToInt(id -> id).max().orElse(0)];
    Arrays.fill(bytes, -1);
    for (int b = 0; b < BYTES; b++) {
      Integer token = ids.get(String.format("<0x%02X>", b));
      if (token == null || !fallback) {
        return new ByteRuns(bytes, null);
      }
      tokens[b] = token;
      bytes[token] = b;
    }
    return new ByteRuns(bytes, tokens);
  }

  /** Returns the tokens with those of U+FFFD for every byte that is no character. */
  int[] mended(int[] all) {
    if (tokens == null) {
      return all;
    }
    int[] mended = new int[REPLACEMENT.length * all.length];
    int count = 0;
    for (int at = 0; at < all.length; ) {
      int length = character(all, at);
      if (length == 0) {
        for (int b : REPLACEMENT) {
          mended[count++] = tokens[b];
        }
        at++;
      } else {
        System.arraycopy(all, at, mended, count, length);
        count += length;
        at += length;
      }
    }
    return Arrays.copyOf(mended, count);
  }

  /** Returns how many tokens the next character, or token that is no byte, has; 0 for none. */
  private int character(int[] all, int at) {
    int first = bytes[all[at]];
    if (first < 0x80) { // also if it is no byte
      return 1;
    }
    int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    byte[] character = new byte[length];
    for (int i = 0; i < length; i++) {
      int next = at + i < all.length ? bytes[all[at + i]] : -1;
      if (next < 0) {
        return 0;
      }
      character[i] = (byte) next;
    }
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(character));
      return length;
    } catch (CharacterCodingException none) {
      return 0;
    }
  }
}
