package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class DocumentsTest {
  private final Documents documents = Documents.startingAt(0, 3, 4, 9);

  @Test
  void aPositionBelongsToTheDocumentThatBeganLast() {
    int[] first = {0, 0, 0, 3, 4, 4, 4, 4, 4, 9, 9, 9};
    int[] end = {3, 3, 3, 4, 9, 9, 9, 9, 9, 12, 12, 12};
    for (int position = 0; position < 12; position++) {
      assertEquals(first[position], documents.first(position));
      assertEquals(end[position], documents.end(position, 12));
    }
    assertEquals(List.of(3, 1, 5, 3), documents.lengths(12));
    assertEquals(9 + 1 + 25 + 9, documents.squares(12));
    assertEquals(1e10, Documents.ONE.squares(100_000));
  }

  @Test
  void positionsRestart() {
    assertArrayEquals(new int[] {2, 0, 0, 1, 2}, documents.restarted(2, 3, 4, 5, 11));
    assertArrayEquals(new int[] {2, 11}, Documents.ONE.restarted(2, 11));
  }

  @Test
  void startsThatDoNotAscendFromZeroAreRefused() {
    for (int[] starts : new int[][] {{}, {1}, {0, 0}, {0, 5, 4}}) {
      assertThrows(IllegalArgumentException.class, () -> Documents.startingAt(starts));
    }
  }
}
