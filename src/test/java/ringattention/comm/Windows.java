package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Buffers inside larger ones, whose other bytes must stay as they are. */
final class Windows {
  static final byte UNTOUCHED = 77;

  private Windows() {}

  /** A buffer of this many bytes inside a larger one, whose other bytes must stay as they are. */
  static ByteBuffer window(int bytes, int value) {
    int margin = 16;
    ByteBuffer whole = ByteBuffer.allocateDirect(bytes + 2 * margin).order(ByteOrder.nativeOrder());
    whole.put(0, filled(whole.capacity(), UNTOUCHED));
    whole.put(margin, filled(bytes, value));
    return whole.position(margin).limit(margin + bytes);
  }

  static List<ByteBuffer> windows(int count, int bytes) {
    return IntStream.range(0, count).mapToObj(i -> window(bytes, UNTOUCHED)).toList();
  }

  static void assertOnlyInside(ByteBuffer window, int value) {
    assertMarginsUntouched(window);
    requireAll(window.position(), window.limit(), (byte) value, window);
  }

  static void assertMarginsUntouched(ByteBuffer window) {
    ByteBuffer whole = window.duplicate().clear();
    requireAll(0, window.position(), UNTOUCHED, whole);
    requireAll(window.limit(), whole.capacity(), UNTOUCHED, whole);
  }

  /** All at once: a loop over millions of bytes takes seconds while it is not yet compiled. */
  private static void requireAll(int from, int to, byte value, ByteBuffer whole) {
    byte[] found = new byte[to - from];
    whole.get(from, found);
    int wrong = Arrays.mismatch(filled(found.length, value), found);
    if (wrong >= 0) {
      assertEquals(value, found[wrong], "byte " + (from + wrong) + " of " + whole);
    }
  }

  private static byte[] filled(int bytes, int value) {
    byte[] all = new byte[bytes];
    Arrays.fill(all, (byte) value);
    return all;
  }
}
