package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranks that exchange heads hold what one rank of the ring would, in its order. */
class CutLayoutTest {
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void aGroupHoldsTheShardOfItsRing(LayoutKind kind) {
    for (int groups = 1; groups <= 3; groups++) {
      for (int parts = 1; parts <= 4; parts++) {
        for (int length : new int[] {2 * groups * parts, 2 * groups * parts + 1, 37, 101}) {
          SequenceLayout ring = SequenceLayout.of(kind, length, groups);
          CutLayout layout = new CutLayout(ring, parts);
          assertEquals(length, layout.length());
          assertEquals(groups * parts, layout.ranks());
          for (int group = 0; group < groups; group++) {
            int first = group * parts;
            int last = first + parts - 1;
            int[] together =
                IntStream.rangeClosed(first, last)
                    .flatMap(rank -> IntStream.of(layout.positions(rank)))
                    .toArray();
            assertArrayEquals(ring.positions(group), together);
            assertTrue(layout.size(first) - layout.size(last) <= 1, "even parts");
            assertTrue(layout.size(first) >= layout.size(last), "the larger ones first");
            assertTrue(layout.size(last) >= 2, length + " over " + layout.ranks());
            assertEquals(0, layout.from(first));
            assertEquals(ring.size(group), layout.from(last) + layout.size(last));
          }
        }
      }
    }
  }

  @Test
  void aSequenceTooShortForItsRanksIsRefused() {
    SequenceLayout ring = SequenceLayout.of(LayoutKind.ZIGZAG, 7, 2);
    assertThrows(IllegalArgumentException.class, () -> new CutLayout(ring, 2));
    assertThrows(IllegalArgumentException.class, () -> new CutLayout(ring, 0));
  }
}
