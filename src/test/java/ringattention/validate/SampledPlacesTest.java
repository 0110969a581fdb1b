package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.HeadCounts;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** Where a sample's positions lie in a shard: spread over it, and at random. */
class SampledPlacesTest {
  private static int[] positions(int length, int ranks, long seed) {
    return SampledPlaces.of(
            new AttentionProblem(
                length, 1, new HeadCounts(1, 1, 1), Mask.CAUSAL, LayoutKind.CONTIGUOUS, seed),
            ranks)
        .positions();
  }

  /** Shards of 4096 positions, of which each half has two: one in each quarter. */
  @Test
  void everyQuarterOfAShardHasASample() {
    int shard = 4096;
    for (long seed = 0; seed < 20; seed++) {
      int[] positions = positions(shard * 16, 16, seed);
      assertArrayEquals(
          IntStream.range(0, 64).toArray(),
          IntStream.of(positions).map(position -> position / (shard / 4)).toArray());
      for (int rank = 0; rank < 16; rank++) {
        assertEquals(rank * shard + 1, positions[4 * rank], "the second");
        assertEquals(rank * shard + shard - 1, positions[4 * rank + 3], "the last");
      }
    }
  }

  /** Numbers that two ranks shared would show as equal places in their quarters. */
  @Test
  void everySampleIsAtARandomPlaceOfItsOwn() {
    int quarter = 1 << 20;
    int[] positions = positions(quarter * 4 * 16, 16, 1);
    Set<Integer> places =
        IntStream.range(0, positions.length)
            .filter(i -> i % 4 == 1 || i % 4 == 2)
            .mapToObj(i -> positions[i] % quarter)
            .collect(Collectors.toSet());
    assertEquals(2 * 16, places.size());
  }

  /**
   * Shards of 41 positions. Where a half has several parts, of the first part it is the second
   * position, and of the last part the last; everywhere else it is any.
   *
   * @param parts of half a shard
   */
  @ParameterizedTest
  @CsvSource({"2, 8", "16, 2", "17, 1", "18, 1"})
  void everyPositionOfAPartMayBeSampled(int ranks, int parts) {
    Set<Integer> seen = new HashSet<>();
    for (long seed = 0; seed < 400; seed++) {
      IntStream.of(positions(41 * ranks, ranks, seed)).forEach(seen::add);
    }
    int firstPart = parts == 1 ? 0 : 20 / parts;
    int lastPart = parts == 1 ? 41 : 41 - (21 + parts - 1) / parts;
    for (int position = 0; position < 41 * ranks; position++) {
      int index = position % 41;
      boolean may = index >= firstPart && index < lastPart;
      assertEquals(may || index == 1 || index == 40, seen.contains(position), "index " + index);
    }
  }

  /** Shards of two positions: the second is also the last. */
  @Test
  void theSmallestShardsAreSampled() {
    for (int ranks : new int[] {1, 2, 5, 16}) {
      int[] positions = positions(2 * ranks, ranks, 3);
      for (int rank = 0; rank < ranks; rank++) {
        assertTrue(Arrays.binarySearch(positions, 2 * rank + 1) >= 0, "rank " + rank);
      }
    }
    assertArrayEquals(IntStream.range(0, 34).toArray(), positions(34, 17, 3));
  }

  /**
   * The most elements of a tensor on the host: 32 positions of 256 heads of 128 are just so many.
   */
  @Test
  void allHeadsAreComparedIfTheyAreFewEnough() {
    assertEquals(256, heads(256));
    assertEquals(4, heads(257));
  }

  private static int heads(int heads) {
    SampledPlaces sample =
        SampledPlaces.of(
            new AttentionProblem(
                4096, 1, new HeadCounts(heads, heads, 128), Mask.FULL, LayoutKind.ZIGZAG, 1),
            1);
    assertEquals(32, sample.positions().length);
    return sample.heads().length;
  }
}
