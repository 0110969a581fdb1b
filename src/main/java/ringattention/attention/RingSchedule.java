package ringattention.attention;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DeviceTraits;
import ringattention.shard.BlockPair;
import ringattention.shard.Documents;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * What one rank of a ring computes, sends and receives, hop by hop: what {@link RingAttention}
 * does, and what a plan of it counts.
 *
 * @param rank in the ring
 */
public record RingSchedule(SequenceLayout layout, Mask mask, int rank) {
  /**
   * What is computed while messages are on their way.
   *
   * @param step counted from 0; this rank's own block is held at the first, and at the last of a
   *     backward
   * @param own whether the block held is this rank's own
   * @param held its tokens
   * @param blocks attended to
   * @param heads key/value heads of the blocks
   * @param arriving tokens of the next step's block, which arrives while the held one is passed on;
   *     0: neither happens
   * @param gradients tokens of the block before, whose gradient is passed on, while that of the
   *     held block arrives and is added to; 0: neither happens
   */
  public record Hop(
      int step,
      boolean own,
      int held,
      List<Block> blocks,
      Heads heads,
      int arriving,
      int gradients) {

    /** Returns the block pairs alone. */
    public List<BlockPair> pairs() {
      return blocks.stream().map(Block::pair).toList();
    }

    /** Returns how many queries are merged with what they saw before; none in the backward. */
    public long merged() {
      return blocks.stream()
          .flatMap(block -> block.merges().stream())
          .mapToLong(part -> part.to() - part.from())
          .sum();
    }

    /** Returns of how many tokens keys and values are sent. */
    public int keyValues() {
      return arriving == 0 ? 0 : held;
    }
  }

  /**
   * One call of the device, or two with the merge.
   *
   * @param merges what the output is merged into; none where it is the first its queries see, and
   *     in the backward
   */
  record Block(BlockPair pair, List<MergePlan.Part> merges) {}

  /** Returns the forward of one document. */
  public List<Hop> forward(DeviceTraits device, int keyValueHeads) {
    return forward(device, keyValueHeads, Documents.ONE);
  }

  /** Returns the forward, one hop for each step. */
  List<Hop> forward(DeviceTraits device, int keyValueHeads, Documents documents) {
    List<List<BlockPair>> visible = visible(device, documents);
    MergePlan merges = new MergePlan(visible.stream().flatMap(List::stream).toList());
    Heads heads = new Heads(0, keyValueHeads);
    List<Hop> hops = new ArrayList<>();
    for (int step = 0; step < layout.ranks(); step++) {
      List<Block> blocks =
          visible.get(step).stream().map(pair -> new Block(pair, merges.next(pair))).toList();
      hops.add(hop(step, blocks, heads, 0));
    }
    return hops;
  }

  /** Returns the backward of one document. */
  public List<Hop> backward(DeviceTraits device, int keyValueHeads) {
    return backward(device, keyValueHeads, Documents.ONE);
  }

  /**
   * Returns the backward; a ring has one hop more, which brings the own gradient home. The own
   * block's gradient stays at home, so the first to be passed on is that of step 1.
   */
  List<Hop> backward(DeviceTraits device, int keyValueHeads, Documents documents) {
    int early = earlyHeads(keyValueHeads);
    List<List<Block>> visible =
        visible(device, documents).stream()
            .map(pairs -> pairs.stream().map(pair -> new Block(pair, List.of())).toList())
            .toList();
    List<Hop> hops = new ArrayList<>();
    for (int step = 0; step < layout.ranks(); step++) {
      Heads heads = new Heads(0, step == 0 ? early : keyValueHeads);
      hops.add(hop(step, visible.get(step), heads, step < 2 ? 0 : keys(step - 1)));
    }
    if (layout.ranks() > 1) {
      Heads late = new Heads(early, keyValueHeads);
      hops.add(hop(layout.ranks(), visible.get(0), late, keys(layout.ranks() - 1)));
    }
    return hops;
  }

  private Hop hop(int step, List<Block> blocks, Heads heads, int gradients) {
    int arriving = step + 1 < layout.ranks() ? keys(step + 1) : 0;
    return new Hop(step, holder(step) == rank, keys(step), blocks, heads, arriving, gradients);
  }

  /**
   * The first heads' gradients of the own block are computed while the first keys and values
   * arrive, the others' while the last gradients do.
   *
   * @param heads key/value heads
   */
  int earlyHeads(int heads) {
    return layout.ranks() == 1 ? heads : (heads + 3) / 4;
  }

  /** The rank whose block this rank holds at a step; at last its own again. */
  private int holder(int step) {
    return Math.floorMod(rank - step, layout.ranks());
  }

  private int keys(int step) {
    return layout.keys(holder(step));
  }

  /** Block pairs as calls of the device, by step. */
  private List<List<BlockPair>> visible(DeviceTraits device, Documents documents) {
    return IntStream.range(0, layout.ranks())
        .mapToObj(step -> visible(device, holder(step), documents))
        .toList();
  }

  /** Block pairs of the keys of one rank. */
  private List<BlockPair> visible(DeviceTraits device, int holder, Documents documents) {
    boolean few = documents.count() == 1 && layout.keys(holder) == layout.size(holder);
    int tile = few ? 1 : device.documentTile();
    return layout.visible(rank, holder, mask, documents).stream()
        .flatMap(pair -> pair.cut(device.causalBlock()).stream())
        .flatMap(pair -> pair.tiled(tile).stream())
        .toList();
  }

  /**
   * Returns all that the rank asks of its device for one document, each call once: what that must
   * have room for.
   */
  public List<AttentionCall> calls(DeviceTraits device, AttentionShape shape) {
    Set<AttentionCall> calls = new LinkedHashSet<>();
    for (int holder = 0; holder < layout.ranks(); holder++) {
      for (BlockPair pair : visible(device, holder, Documents.ONE)) {
        calls.addAll(calls(shape, pair, holder == rank));
      }
    }
    return List.copyOf(calls);
  }

  /**
   * Returns {@link #calls(DeviceTraits, AttentionShape)} for sequences packed from documents
   * whatever their lengths: no call needs more than the largest of these.
   */
  public List<AttentionCall> packedCalls(DeviceTraits device, AttentionShape shape) {
    Set<AttentionCall> calls = new LinkedHashSet<>(calls(device, shape));
    for (int holder = 0; holder < layout.ranks(); holder++) {
      for (BlockPair pair : layout.visible(rank, holder, mask)) {
        for (BlockPair part : pair.largestParts(device.causalBlock(), device.documentTile())) {
          calls.addAll(calls(shape, part, holder == rank));
        }
      }
    }
    return List.copyOf(calls);
  }

  private List<AttentionCall> calls(AttentionShape shape, BlockPair pair, boolean own) {
    int heads = shape.heads().keyValue();
    int early = own ? earlyHeads(heads) : heads;
    BlockShape block = new BlockShape(pair.queries(), pair.keys(), shape.batch(), shape.heads());
    return Stream.of(new Heads(0, early), new Heads(early, heads))
        .filter(some -> some.from() < some.to())
        .map(some -> new AttentionCall(block, pair.mask(), some))
        .toList();
  }
}
