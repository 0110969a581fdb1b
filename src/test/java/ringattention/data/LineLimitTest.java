package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A file without lines ends in one line that names the place, not in a heap that is full. */
class LineLimitTest {
  private static LineLimit limit(String text) {
    return new LineLimit(new StringReader(text), 3);
  }

  /** Reads all by buffers of this size, into the middle of a larger one. */
  private static String read(LineLimit text, int size) throws IOException {
    StringBuilder read = new StringBuilder();
    char[] into = new char[size + 4];
    java.util.Arrays.fill(into, 'x');
    for (int count = text.read(into, 2, size); count >= 0; count = text.read(into, 2, size)) {
      read.append(into, 2, count);
    }
    return read.toString();
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "5", "100"})
  void linesUpToTheLimitPass(int size) throws IOException {
    for (String text : new String[] {"", "abc", "abc\nabc\n", "\n\n\n\n\n", "ab\nabc\n\na"}) {
      assertEquals(text, read(limit(text), size));
    }
  }

  @ParameterizedTest
  @CsvSource({"abcd, 1", "abc;abcd, 2", "abc;;ab;abcd;a, 4"})
  void aLongerOneIsNamed(String text, long line) {
    for (int size : new int[] {1, 2, 5, 100}) {
      LineLimit.ExceededException exceeded =
          assertThrows(
              LineLimit.ExceededException.class, () -> read(limit(text.replace(';', '\n')), size));
      assertEquals(line, exceeded.line());
    }
  }

  @Test
  void oneCharacterAtATime() throws IOException {
    LineLimit text = limit("a\nbcde");
    for (char expected : "a\nbcd".toCharArray()) {
      assertEquals(expected, text.read());
    }
    assertThrows(LineLimit.ExceededException.class, text::read);
    assertEquals(-1, limit("").read());
  }

  /** An array of JSON is often all in one line. */
  @Test
  void aLimitMayBeLifted() throws IOException {
    LineLimit text = limit("abcdefgh");
    assertEquals('a', text.read());
    text.lift();
    assertEquals("bcdefgh", read(text, 2));
  }
}
