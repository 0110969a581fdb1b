package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SequenceLayoutTest {
  static Stream<Arguments> layouts() {
    return Arrays.stream(LayoutKind.values())
        .flatMap(
            kind ->
                IntStream.rangeClosed(1, 8)
                    .boxed()
                    .flatMap(
                        ranks ->
                            IntStream.of(2 * ranks, 2 * ranks + 1, 37, 64, 101)
                                .filter(length -> length >= 2 * ranks)
                                .mapToObj(length -> Arguments.of(kind, length, ranks))));
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void everyPositionLivesOnExactlyOneRankInAscendingOrder(LayoutKind kind, int length, int ranks) {
    SequenceLayout layout = SequenceLayout.of(kind, length, ranks);
    int[] holders = new int[length];
    for (int rank = 0; rank < ranks; rank++) {
      int[] positions = layout.positions(rank);
      assertTrue(positions.length <= layout.largestShard());
      for (int i = 0; i < positions.length; i++) {
        holders[positions[i]]++;
        assertTrue(i == 0 || positions[i] > positions[i - 1], "ascending on rank " + rank);
      }
    }
    assertTrue(Arrays.stream(holders).allMatch(count -> count == 1), Arrays.toString(holders));
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void blockPairsCoverTheVisibleTriangleExactlyOnce(LayoutKind kind, int length, int ranks) {
    SequenceLayout layout = SequenceLayout.of(kind, length, ranks);
    for (Mask mask : Mask.values()) {
      int[][] seen = new int[length][length]; // [query position][key position]
      for (int queryRank = 0; queryRank < ranks; queryRank++) {
        long pairs = 0;
        for (int keyRank = 0; keyRank < ranks; keyRank++) {
          for (BlockPair pair : layout.visible(queryRank, keyRank, mask)) {
            for (BlockPair part : pair.cut(length % 7 + 1)) {
              pairs += mark(layout, queryRank, keyRank, part, seen);
            }
          }
        }
        assertEquals(pairs, layout.visiblePairs(queryRank, mask));
      }
      for (int query = 0; query < length; query++) {
        for (int key = 0; key < length; key++) {
          int expected = mask == Mask.FULL || key <= query ? 1 : 0;
          assertEquals(expected, seen[query][key], mask + " query " + query + " key " + key);
        }
      }
    }
  }

  private static long mark(
      SequenceLayout layout, int queryRank, int keyRank, BlockPair pair, int[][] seen) {
    long pairs = 0;
    for (int i = 0; i < pair.queries(); i++) {
      int visibleKeys = pair.mask() == Mask.CAUSAL ? i + 1 : pair.keys();
      for (int j = 0; j < visibleKeys; j++) {
        int query = layout.position(queryRank, pair.queryFrom() + i);
        int key = layout.position(keyRank, pair.keyFrom() + j);
        seen[query][key]++;
        pairs++;
      }
    }
    return pairs;
  }

  @ParameterizedTest
  @EnumSource(
      value = LayoutKind.class,
      names = {"ZIGZAG", "STRIPED"})
  void balancedLayoutsGiveEveryRankTheSameCausalWork(LayoutKind kind) {
    for (int ranks = 2; ranks <= 8; ranks++) {
      SequenceLayout layout = SequenceLayout.of(kind, 1000 * ranks, ranks);
      long[] work =
          IntStream.range(0, ranks)
              .mapToLong(rank -> layout.visiblePairs(rank, Mask.CAUSAL))
              .toArray();
      double mean = Arrays.stream(work).average().orElseThrow();
      long most = Arrays.stream(work).max().orElseThrow();
      assertTrue(most / mean < 1.001, kind + " over " + ranks + ": " + Arrays.toString(work));
    }
  }

  @Test
  void aSequenceTooShortForTheRingIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> SequenceLayout.of(LayoutKind.ZIGZAG, 7, 4));
  }
}
