package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Block pairs of packed sequences against the mask itself, position by position. */
class DocumentVisibilityTest {
  private static final int SETS = 30; // of documents for each layout

  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void everyVisiblePairIsSeenExactlyOnceAndNothingElse(LayoutKind kind) {
    Random random = new Random(1);
    for (int ranks = 1; ranks <= 5; ranks++) {
      for (int length : List.of(2 * ranks, 2 * ranks + 1, 23, 40, 61)) {
        SequenceLayout layout = SequenceLayout.of(kind, length, ranks);
        for (int set = 0; set < SETS; set++) {
          Documents documents = documents(random, length);
          for (Mask mask : Mask.values()) {
            assertMask(layout, mask, documents, 1 + random.nextInt(length), 1 + set % 4);
          }
        }
      }
    }
  }

  /** Few long ones, many short ones, all of length 1. */
  private static Documents documents(Random random, int length) {
    int cuts = random.nextInt(length);
    TreeSet<Integer> starts = new TreeSet<>(List.of(0));
    for (int cut = 0; cut < cuts; cut++) {
      starts.add(random.nextInt(length));
    }
    return new Documents(new ArrayList<>(starts));
  }

  private static void assertMask(
      SequenceLayout layout, Mask mask, Documents documents, int longest, int tile) {
    Supplier<String> what =
        () -> layout + " " + mask + " " + documents + ", " + longest + ", " + tile;
    int[][] seen = new int[layout.length()][layout.length()]; // [query position][key position]
    for (int queryRank = 0; queryRank < layout.ranks(); queryRank++) {
      long pairs = 0;
      BitSet queries = new BitSet();
      for (int keyRank = 0; keyRank < layout.ranks(); keyRank++) {
        BitSet keys = new BitSet();
        for (BlockPair whole : layout.visible(queryRank, keyRank, mask, documents)) {
          pairs += whole.visiblePairs();
          for (BlockPair cut : whole.cut(longest)) {
            for (BlockPair pair : cut.tiled(tile)) {
              mark(layout, queryRank, keyRank, pair, seen);
              assertTrue(allOrNone(keys, pair.keyFrom(), pair.keyTo()), what);
              if (keyRank == queryRank) { // the ring begins with the rank's own keys
                assertTrue(allOrNone(queries, pair.queryFrom(), pair.queryTo()), what);
              }
            }
          }
        }
      }
      assertEquals(pairs, layout.visiblePairs(queryRank, mask, documents), what);
    }
    int[] document = new int[layout.length()]; // of each position
    for (int position = 1; position < layout.length(); position++) {
      document[position] = document[position - 1] + (documents.starts().contains(position) ? 1 : 0);
    }
    for (int query = 0; query < layout.length(); query++) {
      for (int key = 0; key < layout.length(); key++) {
        boolean sees = document[query] == document[key] && (mask == Mask.FULL || key <= query);
        assertEquals(sees ? 1 : 0, seen[query][key], what);
      }
    }
  }

  private static boolean allOrNone(BitSet written, int from, int to) {
    int before = written.get(from, to).cardinality();
    written.set(from, to);
    return before == 0 || before == to - from;
  }

  private static void mark(
      SequenceLayout layout, int queryRank, int keyRank, BlockPair pair, int[][] seen) {
    for (int i = 0; i < pair.queries(); i++) {
      int visibleKeys = pair.mask() == Mask.CAUSAL ? i + 1 : pair.keys();
      for (int j = 0; j < visibleKeys; j++) {
        int query = layout.position(queryRank, pair.queryFrom() + i);
        int key = layout.position(keyRank, pair.keyFrom() + j);
        seen[query][key]++;
      }
    }
  }

  /** What memory is planned for is enough for any documents. */
  @ParameterizedTest
  @CsvSource({"40, 7, 3", "64, 16, 4", "61, 60, 8", "50, 100, 5", "700, 300, 128"})
  void noPartIsLargerThanTheLargest(int length, int longest, int tile) {
    Random random = new Random(2);
    for (LayoutKind kind : LayoutKind.values()) {
      for (int ranks = 1; ranks <= 3; ranks++) {
        SequenceLayout layout = SequenceLayout.of(kind, length, ranks);
        for (int set = 0; set < SETS; set++) {
          Documents documents = documents(random, set % 2 == 0 ? 9 : length);
          for (Mask mask : Mask.values()) {
            for (int keyRank = 0; keyRank < ranks; keyRank++) {
              List<BlockPair> largest =
                  layout.visible(0, keyRank, mask).stream()
                      .flatMap(pair -> pair.largestParts(longest, tile).stream())
                      .toList();
              layout.visible(0, keyRank, mask, documents).stream()
                  .flatMap(pair -> pair.cut(longest).stream())
                  .flatMap(pair -> pair.tiled(tile).stream())
                  .forEach(pair -> assertTrue(fits(pair, largest, tile), pair + " " + largest));
            }
          }
        }
      }
    }
  }

  private static boolean fits(BlockPair pair, List<BlockPair> largest, int tile) {
    boolean remainder = pair.queries() < tile || pair.keys() < tile;
    return largest.stream()
        .filter(other -> remainder == (other.queries() < tile || other.keys() < tile))
        .anyMatch(other -> pair.queries() <= other.queries() && pair.keys() <= other.keys());
  }
}
