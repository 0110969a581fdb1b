package ringattention.device.cuda;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.shard.Mask;

/**
 * Cuts the backward of a block pair into pieces whose bf16 scores fit a budget: by key/value heads,
 * and where one is still too large, by queries and keys. Given final outputs and log-sum-exp, every
 * part of a score matrix contributes on its own; in a fixed order the sums have the same bits.
 */
final class BackwardPieces {
  /** Cuts fall on multiples of cuDNN's tiles. */
  private static final int TILE = 128;

  /**
   * One call: queries and keys [from, to) of the pair.
   *
   * @param heads key/value heads
   * @param add whether dk and dv are added to
   */
  record Piece(
      int queryFrom, int queryTo, int keyFrom, int keyTo, Mask mask, Heads heads, boolean add) {
    int queries() {
      return queryTo - queryFrom;
    }

    int keys() {
      return keyTo - keyFrom;
    }

    /** Extents as the device's kernels see them. */
    BlockShape block(BlockShape pair, int headSize) {
      return new BlockShape(
          queries(),
          keys(),
          pair.batch(),
          pair.heads().some(heads.to() - heads.from()).ofSize(headSize));
    }
  }

  private final BlockShape pair;
  private final long budget;
  private final List<Piece> pieces = new ArrayList<>();

  private BackwardPieces(BlockShape pair, long budget) {
    this.pair = pair;
    this.budget = budget;
  }

  /**
   * @param heads at least one key/value head of the pair
   * @param budget bytes of bf16 scores [batch, heads, queries, keys] of a piece; a causal piece of
   *     {@value #TILE} queries keeps all its keys even if they need more
   */
  static List<Piece> of(BlockShape pair, Mask mask, Heads heads, boolean add, long budget) {
    BackwardPieces cut = new BackwardPieces(pair, budget);
    Piece oneHead = new Piece(0, pair.queries(), 0, pair.keys(), mask, new Heads(0, 1), add);
    int most = (int) Math.min(pair.heads().keyValue(), Math.max(1, budget / cut.bytes(oneHead)));
    for (int from = heads.from(); from < heads.to(); from += most) {
      Heads some = new Heads(from, Math.min(heads.to(), from + most));
      cut.add(new Piece(0, pair.queries(), 0, pair.keys(), mask, some, add));
    }
    return cut.pieces;
  }

  private long bytes(Piece piece) {
    return FusedScratch.scoreBytes(piece.block(pair, pair.heads().size()));
  }

  private void add(Piece piece) {
    if (bytes(piece) <= budget) {
      pieces.add(piece);
    } else if (piece.mask == Mask.CAUSAL && piece.queries() > TILE) {
      cutCausal(piece, piece.queryFrom + half(piece.queries()));
    } else if (piece.mask == Mask.FULL
        && piece.queries() >= piece.keys()
        && piece.queries() > TILE) {
      int cut = piece.queryFrom + half(piece.queries());
      addFull(piece, piece.queryFrom, cut, piece.keyFrom, piece.keyTo, piece.add);
      addFull(piece, cut, piece.queryTo, piece.keyFrom, piece.keyTo, true);
    } else if (piece.mask == Mask.FULL && piece.keys() > TILE) {
      int cut = piece.keyFrom + half(piece.keys());
      addFull(piece, piece.queryFrom, piece.queryTo, piece.keyFrom, cut, piece.add);
      addFull(piece, piece.queryFrom, piece.queryTo, cut, piece.keyTo, piece.add);
    } else {
      pieces.add(piece);
    }
  }

  /** Earlier queries are causal; later ones see all earlier keys, and are causal on their own. */
  private void cutCausal(Piece piece, int cut) {
    int keyCut = Math.min(piece.keyTo, piece.keyFrom + cut - piece.queryFrom);
    addCausal(piece, piece.queryFrom, cut, piece.keyFrom, keyCut);
    addFull(piece, cut, piece.queryTo, piece.keyFrom, keyCut, true);
    if (keyCut < piece.keyTo) {
      addCausal(piece, cut, piece.queryTo, keyCut, piece.keyTo);
    }
  }

  private void addCausal(Piece of, int queryFrom, int queryTo, int keyFrom, int keyTo) {
    add(new Piece(queryFrom, queryTo, keyFrom, keyTo, Mask.CAUSAL, of.heads, of.add));
  }

  private void addFull(
      Piece of, int queryFrom, int queryTo, int keyFrom, int keyTo, boolean addToKeys) {
    add(new Piece(queryFrom, queryTo, keyFrom, keyTo, Mask.FULL, of.heads, addToKeys));
  }

  /** About half of more than a tile, in whole tiles. */
  private static int half(int length) {
    return (length / 2 + TILE - 1) / TILE * TILE;
  }
}
