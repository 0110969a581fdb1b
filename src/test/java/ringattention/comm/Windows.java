package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
    for (int i = 0; i < whole.capacity(); i++) {
      whole.put(i, i >= margin && i < margin + bytes ? (byte) value : UNTOUCHED);
    }
    return whole.position(margin).limit(margin + bytes);
  }

  static List<ByteBuffer> windows(int count, int bytes) {
    return IntStream.range(0, count).mapToObj(i -> window(bytes, UNTOUCHED)).toList();
  }

  static void assertOnlyInside(ByteBuffer window, int value) {
    assertMarginsUntouched(window);
    for (int i = window.position(); i < window.limit(); i++) {
      if (window.get(i) != (byte) value) {
        assertEquals((byte) value, window.get(i), "byte " + i + " of " + window);
      }
    }
  }

  static void assertMarginsUntouched(ByteBuffer window) {
    ByteBuffer whole = window.duplicate().clear();
    for (int i = 0; i < whole.capacity(); i++) {
      if (i == window.position()) {
        i = window.limit();
      }
      assertEquals(UNTOUCHED, whole.get(i), "byte " + i + " around " + window);
    }
  }
}
