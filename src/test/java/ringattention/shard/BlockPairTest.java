package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockPairTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "7, 2", "300, 128", "1000, 300", "65536, 16384", "70001, 16384"})
  void causalPartsAreShortAndTheWorkStaysTheSame(int length, int longest) {
    BlockPair pair = new BlockPair(5, 5 + length, 9, 9 + length, Mask.CAUSAL);
    List<BlockPair> parts = pair.cut(longest);
    assertEquals(pair.visiblePairs(), parts.stream().mapToLong(BlockPair::visiblePairs).sum());
    for (BlockPair part : parts) {
      assertTrue(part.mask() == Mask.FULL || part.queries() <= longest, part.toString());
    }
  }

  @Test
  void halvesOfLongBlocksAreWholeTiles() {
    BlockPair pair = new BlockPair(0, 1000, 0, 1000, Mask.CAUSAL);
    assertEquals(
        List.of(
            new BlockPair(0, 512, 0, 512, Mask.CAUSAL),
            new BlockPair(512, 1000, 0, 512, Mask.FULL),
            new BlockPair(512, 1000, 512, 1000, Mask.CAUSAL)),
        pair.cut(999));
  }

  @Test
  void fullAndShortPairsStayWhole() {
    BlockPair full = new BlockPair(0, 1000, 0, 500, Mask.FULL);
    BlockPair causal = new BlockPair(0, 1000, 0, 1000, Mask.CAUSAL);
    assertEquals(List.of(full), full.cut(1));
    assertEquals(List.of(causal), causal.cut(1000));
  }

  @Test
  void tiledPartsHaveFewDifferentExtents() {
    Set<Integer> extents = new TreeSet<>();
    Set<List<Integer>> full = new HashSet<>();
    for (int length = 65536; length > 0; length -= 43) {
      BlockPair pair = new BlockPair(5, 5 + length, 9, 9 + length, Mask.CAUSAL);
      List<BlockPair> parts = pair.tiled(128);
      assertEquals(pair.visiblePairs(), parts.stream().mapToLong(BlockPair::visiblePairs).sum());
      assertTrue(parts.size() <= 10, length + " in " + parts.size());
      for (BlockPair part : parts) {
        assertTrue(part.keys() % 128 == 0 || part.keys() < 128, part.toString());
        if (part.queries() >= 128 && part.keys() >= 128) {
          extents.addAll(List.of(part.queries(), part.keys()));
        }
        if (part.queries() >= 128 && part.mask() == Mask.FULL) {
          full.add(List.of(part.queries(), part.keys()));
        }
      }
    }
    assertEquals(32, extents.size());
    assertTrue(full.size() <= 224, full.size() + " shapes");
  }

  @Test
  void shortPairsAndOtherDevicesAreNotTiled() {
    BlockPair causal = new BlockPair(3, 130, 4, 131, Mask.CAUSAL);
    BlockPair full = new BlockPair(0, 1000, 0, 500, Mask.FULL);
    assertEquals(List.of(causal), causal.tiled(128));
    assertEquals(List.of(full), full.tiled(1));
    assertEquals(
        List.of(
            new BlockPair(0, 896, 0, 384, Mask.FULL),
            new BlockPair(896, 1000, 0, 384, Mask.FULL),
            new BlockPair(0, 896, 384, 500, Mask.FULL),
            new BlockPair(896, 1000, 384, 500, Mask.FULL)),
        full.tiled(128));
  }

  /**
   * A pair that shares no queries or no keys with a document has no part there, not an empty one.
   */
  @Test
  void whatIsLeftInADocumentIsNeverEmpty() {
    BlockPair pair = new BlockPair(0, 4, 0, 4, Mask.FULL);
    assertEquals(Optional.of(new BlockPair(1, 4, 0, 2, Mask.FULL)), pair.within(1, 9, 0, 2));
    assertEquals(Optional.empty(), pair.within(4, 8, 0, 4));
    assertEquals(Optional.empty(), pair.within(0, 4, 4, 8));
    assertEquals(Optional.empty(), pair.within(2, 2, 0, 4));
    assertEquals(Optional.empty(), pair.within(0, 4, 2, 2));
  }

  @Test
  void largestPartsAreNoLargerThanTheyMustBe() {
    BlockPair causal = new BlockPair(3, 1003, 4, 1004, Mask.CAUSAL);
    BlockPair full = new BlockPair(0, 1000, 0, 500, Mask.FULL);
    assertEquals(List.of(causal), causal.largestParts(2000, 1));
    assertEquals(List.of(full), full.largestParts(300, 1));
    assertEquals( // half of it, up to the end of a tile
        List.of(new BlockPair(3, 515, 4, 516, Mask.CAUSAL)), causal.largestParts(300, 1));
    assertEquals(List.of(new BlockPair(3, 803, 4, 804, Mask.CAUSAL)), causal.largestParts(800, 1));
    assertEquals(
        List.of(
            full,
            new BlockPair(0, 127, 0, 500, Mask.FULL),
            new BlockPair(0, 1000, 0, 127, Mask.FULL)),
        full.largestParts(300, 128));
  }
}
