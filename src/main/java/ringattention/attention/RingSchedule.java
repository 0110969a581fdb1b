package ringattention.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.DeviceTraits;
import ringattention.shard.BlockPair;
import ringattention.shard.Documents;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/**
 * What one rank of a ring computes, sends and receives at each step: what {@link RingAttention}
 * does, and what a plan of it counts.
 *
 * @param rank in the ring
 */
public record RingSchedule(SequenceLayout layout, Mask mask, int rank) {
  /**
   * What is computed while messages are on their way.
   *
   * @param pairs attended to
   * @param heads key/value heads of the pairs
   * @param merged queries that are merged with what they saw before; none in the backward
   * @param keyValues tokens whose keys and values are sent
   * @param gradients tokens whose gradients of both are sent, and added by who receives them
   */
  public record Hop(
      List<BlockPair> pairs, Heads heads, long merged, long keyValues, long gradients) {}

  /** The rank whose block this rank holds at a step; at last its own again. */
  int holder(int step) {
    return Math.floorMod(rank - step, layout.ranks());
  }

  /** Block pairs as calls of the device, by step. */
  List<List<BlockPair>> visible(DeviceTraits device, Documents documents) {
    return IntStream.range(0, layout.ranks())
        .mapToObj(step -> visible(device, holder(step), documents))
        .toList();
  }

  /** Block pairs of the keys of one rank. */
  List<BlockPair> visible(DeviceTraits device, int holder, Documents documents) {
    int tile = documents.count() == 1 ? 1 : device.documentTile();
    return layout.visible(rank, holder, mask, documents).stream()
        .flatMap(pair -> pair.cut(device.causalBlock()).stream())
        .flatMap(pair -> pair.tiled(tile).stream())
        .toList();
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

  /** Whether the held block is passed on at a step: not after the last. */
  boolean passesKeyValues(int step) {
    return step + 1 < layout.ranks();
  }

  /**
   * Whether the sum of the step before is passed on. The own block's gradient stays at home, so the
   * first sum is that of step 1.
   */
  boolean passesGradients(int step) {
    return step >= 2;
  }

  /** The forward of one document, one hop for each step. */
  public List<Hop> forward(DeviceTraits device, int keyValueHeads) {
    List<List<BlockPair>> visible = visible(device, Documents.ONE);
    MergePlan merges = new MergePlan(visible.stream().flatMap(List::stream).toList());
    List<Hop> hops = new ArrayList<>();
    for (int step = 0; step < layout.ranks(); step++) {
      long merged = 0;
      for (BlockPair pair : visible.get(step)) {
        for (MergePlan.Part part : merges.next(pair)) {
          merged += part.to() - part.from();
        }
      }
      hops.add(new Hop(visible.get(step), new Heads(0, keyValueHeads), merged, keyValues(step), 0));
    }
    return hops;
  }

  /** The backward likewise; a ring has one hop more, which brings the own gradient home. */
  public List<Hop> backward(DeviceTraits device, int keyValueHeads) {
    int early = earlyHeads(keyValueHeads);
    List<List<BlockPair>> visible = visible(device, Documents.ONE);
    List<Hop> hops = new ArrayList<>();
    for (int step = 0; step < layout.ranks(); step++) {
      Heads heads = new Heads(0, step == 0 ? early : keyValueHeads);
      hops.add(new Hop(visible.get(step), heads, 0, keyValues(step), gradients(step)));
    }
    if (layout.ranks() > 1) {
      Heads late = new Heads(early, keyValueHeads);
      hops.add(new Hop(visible.get(0), late, 0, 0, gradients(layout.ranks())));
    }
    return hops;
  }

  private long keyValues(int step) {
    return passesKeyValues(step) ? layout.size(holder(step)) : 0;
  }

  private long gradients(int step) {
    return passesGradients(step) ? layout.size(holder(step - 1)) : 0;
  }
}
