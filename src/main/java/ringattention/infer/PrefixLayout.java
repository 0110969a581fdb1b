package ringattention.infer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import ringattention.shard.ContinuedLayout;
import ringattention.shard.LayoutKind;
import ringattention.shard.SequenceLayout;

/**
 * Where the tokens of a prefix lie: chunks that the ring computes, each spread over the ranks, and
 * the last few tokens, which are appended one by one and dealt to the ranks in turn. At least the
 * last token is, so that every rank computes the logits behind it.
 *
 * @param tokens of the prefix, at least one
 * @param ranks of the ring
 * @param chunk tokens that the ring computes at a time, at least two a rank
 */
record PrefixLayout(LayoutKind kind, int tokens, int ranks, int chunk) {
  PrefixLayout {
    if (tokens < 1 || chunk < 2 * ranks) {
      throw new IllegalArgumentException(
          tokens + " tokens in chunks of " + chunk + " over " + ranks + " ranks");
    }
  }

  /** Returns how many tokens the ring computes. */
  int inChunks() {
    int last = (tokens - 1) % chunk;
    return tokens - 1 - (last < 2 * ranks ? last : 0);
  }

  /** Returns the chunks, each behind those before it. */
  List<ContinuedLayout> chunks() {
    List<ContinuedLayout> chunks = new ArrayList<>();
    List<Integer> held = new ArrayList<>(Collections.nCopies(ranks, 0));
    int length;
    for (int start = 0; start < inChunks(); start += length) { // never beyond, so no overflow
      length = Math.min(chunk, inChunks() - start);
      ContinuedLayout next =
          new ContinuedLayout(SequenceLayout.of(kind, length, ranks), start, held);
      chunks.add(next);
      for (int rank = 0; rank < ranks; rank++) {
        held.set(rank, next.keys(rank));
      }
    }
    return chunks;
  }

  /** Returns how many tokens of the chunks a rank holds. */
  int heldOfChunks(int rank) {
    int whole = inChunks() / chunk;
    int rest = inChunks() % chunk;
    int held = whole == 0 ? 0 : whole * SequenceLayout.of(kind, chunk, ranks).size(rank);
    return rest == 0 ? held : held + SequenceLayout.of(kind, rest, ranks).size(rank);
  }

  /** Returns the rank that keeps a token behind the chunks, counted from 0. */
  int owner(int appended) {
    return appended % ranks;
  }

  /** Returns how many of the first so many tokens behind the chunks a rank holds. */
  int heldOfAppended(int rank, int appended) {
    return appended / ranks + (rank < appended % ranks ? 1 : 0);
  }

  /** Returns the slots that every rank sets aside: those of the rank that holds most. */
  int slots() {
    int most = 0;
    for (int rank = 0; rank < ranks; rank++) {
      most = Math.max(most, heldOfChunks(rank) + heldOfAppended(rank, tokens - inChunks()));
    }
    return most;
  }
}
