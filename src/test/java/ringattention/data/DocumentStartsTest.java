package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where documents begin, of which only some places are kept. */
class DocumentStartsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 65, 127, 128, 129, 1000})
  void everyTokenIsFoundInItsDocument(int count) {
    DocumentStarts starts = new DocumentStarts(count, place -> 1 + place % 5);
    long at = 0;
    for (int place = 0; place < count; place++) {
      assertEquals(at, starts.start(place));
      for (int token = 0; token < 1 + place % 5; token++) {
        assertEquals(place, starts.place(at++));
      }
    }
    assertEquals(at, starts.end());
    assertEquals(at, starts.start(count));
    assertEquals(count, starts.place(at));
    assertEquals(count, starts.place(at + 1000));
  }

  @Test
  void thereMayBeMoreTokensThanAnIntCounts() {
    DocumentStarts starts = new DocumentStarts(200, place -> Integer.MAX_VALUE);
    assertEquals(199L * Integer.MAX_VALUE, starts.start(199));
    assertEquals(198, starts.place(199L * Integer.MAX_VALUE - 1));
  }

  @Test
  void thereMayBeNone() {
    DocumentStarts starts = new DocumentStarts();
    assertEquals(0, starts.end());
    assertEquals(0, starts.place(0));
  }
}
