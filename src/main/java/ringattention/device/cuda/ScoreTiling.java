package ringattention.device.cuda;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.shard.Mask;

/** Cuts the scores of an attention call into tiles: few and large, since each is a few launches. */
final class ScoreTiling {
  /** Shorter tiles compute fewer of the scores that a causal mask hides. */
  private static final int CAUSAL_TILES = 8;

  private static final int CAUSAL_QUERIES = 512; // but not shorter than this
  private static final int EVEN_QUERIES = 128; // what matrix products are fast at multiples of

  /** Query heads that one batched product can do: of one key/value head, or of one each. */
  private record Run(int queryHead, int keyHead, int heads, boolean shared) {}

  private ScoreTiling() {}

  /**
   * Tiles of the query heads that read the given key/value heads. No tiles without queries; tiles
   * without keys where there are none.
   *
   * @param most elements of a tile, unless one row has more
   */
  static List<ScoreTile> cut(BlockShape shape, Mask mask, Heads keyHeads, long most) {
    List<ScoreTile> tiles = new ArrayList<>();
    if (shape.queries() == 0) {
      return tiles;
    }
    long rows = Math.max(1, most / Math.max(1, ScoreTile.scratchStride(shape)));
    int queries = tileQueries(shape, mask, rows);
    for (Run run : runs(shape, keyHeads)) {
      int heads = (int) Math.max(1, Math.min(run.heads, rows / queries));
      for (int from = 0; from < shape.queries(); from += queries) {
        int to = Math.min(shape.queries(), from + queries);
        int keys = mask == Mask.CAUSAL ? Math.min(shape.keys(), to) : shape.keys();
        for (int head = 0; head < run.heads; head += heads) {
          tiles.add(
              new ScoreTile(
                  shape,
                  run.queryHead + head,
                  run.shared ? run.keyHead : run.keyHead + head,
                  Math.min(heads, run.heads - head),
                  run.shared,
                  from,
                  to - from,
                  keys));
        }
      }
    }
    return tiles;
  }

  private static int tileQueries(BlockShape shape, Mask mask, long rows) {
    int queries = shape.queries();
    if (mask == Mask.CAUSAL) {
      queries = Math.min(queries, Math.max(CAUSAL_QUERIES, queries / CAUSAL_TILES));
    }
    if (queries <= rows) {
      return queries;
    }
    return (int) (rows < EVEN_QUERIES ? rows : rows / EVEN_QUERIES * EVEN_QUERIES);
  }

  private static List<Run> runs(BlockShape shape, Heads keyHeads) {
    int count = keyHeads.to() - keyHeads.from();
    if (shape.heads().group() == 1 && count == shape.heads().query()) {
      return List.of(new Run(0, 0, shape.batch() * count, false)); // heads follow each other
    }
    List<Run> runs = new ArrayList<>();
    for (int b = 0; b < shape.batch(); b++) {
      int first = b * shape.heads().keyValue() + keyHeads.from();
      if (shape.heads().group() == 1) {
        runs.add(new Run(first, first, count, false));
      } else {
        for (int keyHead = first; keyHead < first + count; keyHead++) {
          runs.add(new Run(keyHead * shape.heads().group(), keyHead, shape.heads().group(), true));
        }
      }
    }
    return runs;
  }
}
