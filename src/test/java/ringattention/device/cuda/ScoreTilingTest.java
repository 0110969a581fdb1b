package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.HeadCounts;
import ringattention.shard.Mask;

class ScoreTilingTest {
  /** Each query of each head is in one tile, which holds every key it sees and fits. */
  @ParameterizedTest
  @ValueSource(longs = {1000, 700_000, 1L << 30})
  void tilesCoverTheScores(long most) {
    BlockShape shape = new BlockShape(5001, 4000, 2, new HeadCounts(6, 3, 8));
    int[][] covered = new int[shape.batch() * shape.heads().query()][shape.queries()];
    for (ScoreTile tile : ScoreTiling.cut(shape, Mask.CAUSAL, new Heads(1, 3), most)) {
      assertTrue(tile.scratchElements() <= Math.max(most, ScoreTile.scratchStride(shape)));
      for (int head = tile.queryHead(); head < tile.queryHead() + tile.heads(); head++) {
        assertEquals(head / shape.heads().group(), tile.keyHead());
        for (int i = tile.from(); i < tile.from() + tile.queries(); i++) {
          covered[head][i]++;
          assertTrue(tile.keys() >= Math.min(shape.keys(), i + 1));
        }
      }
    }
    for (int head = 0; head < covered.length; head++) {
      for (int count : covered[head]) {
        assertEquals(head % shape.heads().query() / shape.heads().group() == 0 ? 0 : 1, count);
      }
    }
  }

  @Test
  void causalTilesLeaveOutMostOfWhatTheMaskHides() {
    BlockShape shape = new BlockShape(8192, 8192, 1, new HeadCounts(8, 8, 128));
    List<ScoreTile> tiles = ScoreTiling.cut(shape, Mask.CAUSAL, new Heads(0, 8), 1L << 26);
    long computed =
        tiles.stream().mapToLong(tile -> (long) tile.heads() * tile.queries() * tile.keys()).sum();
    assertTrue(computed <= 0.6 * 8 * 8192 * 8192, computed + " scores");
  }
}
