package ringattention.validate;

import java.util.stream.IntStream;
import ringattention.shard.TokenLayout;
import ringattention.validate.AttentionProblem.Input;

/**
 * A rank's tokens in pieces, so that the host needs little memory however long the sequence is.
 *
 * @param size tokens of a piece
 */
record ShardPieces(TokenLayout layout, int rank, int size) {
  private static final int ELEMENTS = 1 << 20; // on the host at a time

  static ShardPieces of(AttentionProblem problem, TokenLayout layout, int rank) {
    return new ShardPieces(layout, rank, Math.max(1, ELEMENTS / problem.rowSize(Input.QUERY)));
  }

  /** Returns pieces of at most so many tokens. */
  ShardPieces atMost(int tokens) {
    return new ShardPieces(layout, rank, Math.min(size, tokens));
  }

  /** Is shown the tokens [from, to) of the rank, and where they are in the sequence. */
  interface Visitor {
    void visit(int from, int to, int... positions);
  }

  void forEach(Visitor visitor) {
    int tokens = layout.size(rank);
    for (int from = 0; from < tokens; from = (int) Math.min(tokens, (long) from + size)) {
      int to = (int) Math.min(tokens, (long) from + size);
      visitor.visit(
          from, to, IntStream.range(from, to).map(at -> layout.position(rank, at)).toArray());
    }
  }
}
