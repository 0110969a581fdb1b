package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.HeadCounts;
import ringattention.device.cuda.BackwardPieces.Piece;
import ringattention.shard.Mask;

class BackwardPiecesTest {
  /** Bytes of bf16 scores of 256 x 256 of one head. */
  private static final long BUDGET = 2 * 256 * 256;

  /**
   * Every score that the mask shows is in exactly one piece, none that it hides is, and the first
   * piece of a key is the only one that may overwrite.
   */
  @ParameterizedTest
  @CsvSource({
    "FULL, 700, 500, 1, 1, false",
    "FULL, 130, 1100, 1, 2, true",
    "FULL, 256, 256, 1, 1, false",
    "CAUSAL, 700, 700, 1, 1, false",
    "CAUSAL, 700, 700, 2, 2, true",
    "CAUSAL, 1000, 300, 1, 1, false",
    "CAUSAL, 300, 310, 1, 1, false",
    "CAUSAL, 100, 100, 1, 1, false"
  })
  void piecesCoverWhatTheMaskShowsOnce(
      Mask mask, int queries, int keys, int batch, int group, boolean add) {
    int keyValueHeads = 5;
    BlockShape pair =
        new BlockShape(
            queries, keys, batch, new HeadCounts(keyValueHeads * group, keyValueHeads, 64));
    Heads heads = new Heads(1, 4);
    List<Piece> pieces = BackwardPieces.of(pair, mask, heads, add, BUDGET);
    for (int head = 0; head < keyValueHeads; head++) {
      boolean asked = head >= heads.from() && head < heads.to();
      int[][] covered = new int[queries][keys];
      boolean[] touched = new boolean[keys];
      for (Piece piece : pieces) {
        if (head >= piece.heads().from() && head < piece.heads().to()) {
          for (int j = piece.keyFrom(); j < piece.keyTo(); j++) {
            assertEquals(add || touched[j], piece.add(), piece::toString);
            touched[j] = true;
            for (int i = piece.queryFrom(); i < piece.queryTo(); i++) {
              int query = i - piece.queryFrom();
              int key = j - piece.keyFrom();
              covered[i][j] += piece.mask() == Mask.FULL || key <= query ? 1 : 0;
            }
          }
        }
      }
      for (int j = 0; j < keys; j++) {
        assertEquals(asked, touched[j]);
        for (int i = 0; i < queries; i++) {
          int query = i;
          int key = j;
          int shown = asked && (mask == Mask.FULL || j <= i) ? 1 : 0;
          assertEquals(shown, covered[i][j], () -> "score " + query + ", " + key);
        }
      }
    }
  }

  @Test
  void piecesFitTheBudgetAndStartOnTiles() {
    BlockShape pair = new BlockShape(5000, 5000, 2, new HeadCounts(12, 4, 128));
    for (Mask mask : Mask.values()) {
      for (Piece piece : BackwardPieces.of(pair, mask, new Heads(0, 4), false, 16 * BUDGET)) {
        BlockShape block = piece.block(pair, 128);
        assertEquals(3, block.heads().group());
        assertTrue(FusedScratch.scoreBytes(block) <= 16 * BUDGET, piece.toString());
        assertEquals(0, piece.queryFrom() % 128, piece.toString());
        assertEquals(0, piece.keyFrom() % 128, piece.toString());
      }
    }
  }

  @Test
  void someHeadsNeedNoMoreThanAll() {
    BlockShape pair = new BlockShape(256, 256, 1, new HeadCounts(10, 10, 64));
    assertEquals(List.of(6, 4), headsOfPieces(pair, new Heads(0, 10)));
    assertEquals(List.of(6), headsOfPieces(pair, new Heads(4, 10)));
    assertEquals(List.of(6, 1), headsOfPieces(pair, new Heads(0, 7)));
  }

  private static List<Integer> headsOfPieces(BlockShape pair, Heads heads) {
    return BackwardPieces.of(pair, Mask.FULL, heads, false, 6 * BUDGET).stream()
        .map(piece -> piece.heads().to() - piece.heads().from())
        .toList();
  }
}
