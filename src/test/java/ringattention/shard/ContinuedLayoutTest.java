package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContinuedLayoutTest {

  /** Chunk by chunk, every query sees every position up to its own, each once. */
  @ParameterizedTest
  @CsvSource({"ZIGZAG,1", "ZIGZAG,3", "CONTIGUOUS,4", "STRIPED,2", "STRIPED,4"})
  void everyQuerySeesAllUpToItsOwn(LayoutKind kind, int ranks) {
    List<List<Integer>> held = new ArrayList<>(); // by rank: positions of its keys
    for (int rank = 0; rank < ranks; rank++) {
      held.add(new ArrayList<>());
    }
    int start = 0;
    for (int length : List.of(17, 8, 21)) {
      List<Integer> earlier = held.stream().map(List::size).toList();
      var layout = new ContinuedLayout(SequenceLayout.of(kind, length, ranks), start, earlier);
      for (int rank = 0; rank < ranks; rank++) {
        for (int index = 0; index < layout.size(rank); index++) {
          held.get(rank).add(layout.position(rank, index));
        }
        assertEquals(held.get(rank).size(), layout.keys(rank));
      }
      for (int rank = 0; rank < ranks; rank++) {
        for (int query = 0; query < layout.size(rank); query++) {
          List<Integer> seen = seen(layout, held, rank, query);
          Collections.sort(seen);
          List<Integer> all = new ArrayList<>();
          for (int position = 0; position <= layout.position(rank, query); position++) {
            all.add(position);
          }
          assertEquals(all, seen);
        }
      }
      start += length;
    }
  }

  private static List<Integer> seen(
      SequenceLayout layout, List<List<Integer>> held, int rank, int query) {
    List<Integer> seen = new ArrayList<>();
    for (int holder = 0; holder < layout.ranks(); holder++) {
      for (BlockPair pair : layout.visible(rank, holder, Mask.CAUSAL, Documents.ONE)) {
        if (query >= pair.queryFrom() && query < pair.queryTo()) {
          int to =
              pair.mask() == Mask.FULL
                  ? pair.keyTo()
                  : pair.keyFrom() + query - pair.queryFrom() + 1;
          seen.addAll(held.get(holder).subList(pair.keyFrom(), to));
        }
      }
    }
    return seen;
  }

  @Test
  void theFirstChunkIsAWholeSequence() {
    SequenceLayout chunk = SequenceLayout.of(LayoutKind.ZIGZAG, 16, 2);
    SequenceLayout first = new ContinuedLayout(chunk, 0, List.of(0, 0));
    for (int rank = 0; rank < 2; rank++) {
      for (int holder = 0; holder < 2; holder++) {
        assertEquals(chunk.causalBlocks(rank, holder), first.causalBlocks(rank, holder));
      }
    }
  }

  @Test
  void refusesWhatNoChunkIs() {
    SequenceLayout chunk = SequenceLayout.of(LayoutKind.ZIGZAG, 16, 2);
    assertThrows(
        IllegalArgumentException.class, () -> new ContinuedLayout(chunk, 5, List.of(2, 2)));
    assertThrows(IllegalArgumentException.class, () -> new ContinuedLayout(chunk, 4, List.of(4)));
    var layout = new ContinuedLayout(chunk, 4, List.of(2, 2));
    assertThrows(IllegalArgumentException.class, () -> layout.visible(0, 1, Mask.FULL));
    assertThrows(
        IllegalArgumentException.class,
        () -> layout.visible(0, 1, Mask.CAUSAL, Documents.startingAt(0, 4)));
    assertTrue(layout.visible(0, 1, Mask.CAUSAL).size() > 1);
  }
}
