package ringattention.infer;

import java.util.Collections;
import java.util.List;
import ringattention.attention.AttentionShape;
import ringattention.attention.RingSchedule;
import ringattention.device.AttentionCall;
import ringattention.device.DeviceTraits;
import ringattention.model.ModelConfig;
import ringattention.model.ShardShape;
import ringattention.shard.ContinuedLayout;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * The sizes of an engine.
 *
 * @param ranks of the ring that holds a cache together
 * @param layout of a chunk over the ranks
 * @param feedForwardBlock tokens that projections and feed-forward take at a time
 * @param slots tokens that every rank's cache holds
 * @param rows new tokens of a step at most
 * @param chunk tokens of a prompt that the ring computes at a time; 0: there are no prompts, all
 *     sequences begin empty
 * @param resident whether every rank holds all weights; otherwise each its part
 */
public record EngineShape(
    ModelConfig model,
    int ranks,
    LayoutKind layout,
    int feedForwardBlock,
    int slots,
    int rows,
    int chunk,
    boolean resident) {
  public EngineShape {
    if (slots < 1 || rows < 1 || chunk != 0 && chunk < 2 * ranks) {
      throw new IllegalArgumentException(
          slots + " slots, " + rows + " rows, chunks of " + chunk + " over " + ranks + " ranks");
    }
  }

  EngineShape withSlots(int other) {
    return new EngineShape(model, ranks, layout, feedForwardBlock, other, rows, chunk, resident);
  }

  EngineShape withWeights(boolean whole) {
    return new EngineShape(model, ranks, layout, feedForwardBlock, slots, rows, chunk, whole);
  }

  /** Returns what a rank computes of a chunk. */
  ShardShape shard(SequenceLayout part, int rank) {
    return new ShardShape(part.size(rank), part.largestShard(), 1, false, feedForwardBlock, 1);
  }

  /** Returns whether there are prompts. */
  boolean reads() {
    return chunk > 0;
  }

  /** Returns the layout of a whole chunk. */
  SequenceLayout wholeChunk() {
    return SequenceLayout.of(layout, chunk, ranks);
  }

  /**
   * Returns all that the ring may ask of a rank's device: behind nothing, and behind a full cache.
   */
  List<AttentionCall> calls(int rank, DeviceTraits device) {
    if (!reads()) {
      return List.of();
    }
    SequenceLayout whole = wholeChunk();
    int earlier = Math.max(0, slots - whole.size(rank));
    SequenceLayout last =
        new ContinuedLayout(
            whole, Math.multiplyExact(earlier, ranks), Collections.nCopies(ranks, earlier));
    AttentionShape shape = shard(whole, rank).attention(model, 1);
    return new RingSchedule(last, Mask.CAUSAL, rank).packedCalls(device, shape);
  }

  PrefixLayout prefix(int tokens) {
    return new PrefixLayout(layout, tokens, ranks, chunk);
  }

  TailLayout tail() {
    return new TailLayout(ranks);
  }

  /**
   * Returns whether the cache holds a prefix of so many tokens, none if it is 0, with such
   * sequences behind it.
   */
  boolean fits(SlotRanges ranges, int prefixTokens, int sequences, int furtherTokens) {
    SlotRanges tried = ranges.copy();
    int ofPrefix = prefixTokens == 0 ? 0 : prefix(prefixTokens).slots();
    boolean room = tried.take(ofPrefix).isPresent();
    for (int i = 0; room && i < sequences; i++) {
      room = tried.take(tail().slots(furtherTokens)).isPresent();
    }
    return room;
  }

  /** Returns the most tokens that the cache holds of one sequence, however they lie. */
  int mostTokens() {
    return (int) Math.min(Integer.MAX_VALUE, (long) slots * ranks);
  }

  /**
   * Returns the most tokens that each of so many sequences may have which all begin empty; 0: not
   * even one.
   */
  public int longestOf(int sequences) {
    int fits = 0;
    long tooMany = (long) (slots / sequences + TailLayout.BLOCK) * ranks + 1;
    while (tooMany - fits > 1) {
      int middle = (int) Math.min(Integer.MAX_VALUE, (fits + tooMany) / 2);
      if ((long) tail().slots(middle) * sequences <= slots) {
        fits = middle;
      } else {
        tooMany = middle;
      }
    }
    return fits;
  }

  /**
   * Returns the most tokens of a prefix that the cache holds with one further token, and that the
   * model's window allows.
   */
  int longestPrompt() {
    int fits = 0;
    int window = model.details().slidingWindow(); // the new token is not read
    long held = (long) slots * ranks;
    long tooMany = 1 + (window == 0 ? held : Math.min(held, window));
    while (tooMany - fits > 1) {
      int middle = (int) Math.min(Integer.MAX_VALUE, (fits + tooMany) / 2);
      if (fits(new SlotRanges(slots), middle, 1, 1)) {
        fits = middle;
      } else {
        tooMany = middle;
      }
    }
    return fits;
  }
}
