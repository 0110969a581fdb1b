package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.config.MaskKind;

class BlockPairTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "7, 2", "300, 128", "1000, 300", "65536, 16384", "70001, 16384"})
  void causalPartsAreShortAndTheWorkStaysTheSame(int length, int longest) {
    BlockPair pair = new BlockPair(5, 5 + length, 9, 9 + length, MaskKind.CAUSAL);
    List<BlockPair> parts = pair.cut(longest);
    assertEquals(pair.visiblePairs(), parts.stream().mapToLong(BlockPair::visiblePairs).sum());
    for (BlockPair part : parts) {
      assertTrue(part.mask() == MaskKind.FULL || part.queries() <= longest, part.toString());
    }
  }

  @Test
  void halvesOfLongBlocksAreWholeTiles() {
    BlockPair pair = new BlockPair(0, 1000, 0, 1000, MaskKind.CAUSAL);
    assertEquals(
        List.of(
            new BlockPair(0, 512, 0, 512, MaskKind.CAUSAL),
            new BlockPair(512, 1000, 0, 512, MaskKind.FULL),
            new BlockPair(512, 1000, 512, 1000, MaskKind.CAUSAL)),
        pair.cut(999));
  }

  @Test
  void fullAndShortPairsStayWhole() {
    BlockPair full = new BlockPair(0, 1000, 0, 500, MaskKind.FULL);
    BlockPair causal = new BlockPair(0, 1000, 0, 1000, MaskKind.CAUSAL);
    assertEquals(List.of(full), full.cut(1));
    assertEquals(List.of(causal), causal.cut(1000));
  }
}
