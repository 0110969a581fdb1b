package ringattention.attention;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Collectives;
import ringattention.device.Collectives.Part;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.CutLayout;

/**
 * The all-to-all within a group of ranks that turns few tokens with all heads into the tokens of
 * the group with a share of the heads, and back (DeepSpeed-Ulysses, Jacobs et al. 2023). The rank
 * at place p of a group of h has the p-th of h equal shares of neighbouring heads, query heads and
 * the key/value heads that they read alike. Its share may go in chunks, again equal and of
 * neighbouring heads; between the start of a chunk's exchange and its {@link UnderWay#finish} the
 * device works on another.
 */
public final class HeadsExchange {
  private final Device device;
  private final Collectives collectives;
  private final CutLayout layout;
  private final int rank; // of the layout
  private final List<Integer> group; // ranks of the collectives
  private final int place; // in the group
  private final PhaseTimer timer;

  /**
   * One tensor in its two layouts.
   *
   * @param tokens of this rank, all heads: [tokens, batch, heads, size]
   * @param heads a chunk of this rank's share, all tokens of the group: [tokens of the group,
   *     batch, heads / h / chunks, size], of the same type
   */
  public record Layouts(Tensor tokens, Tensor heads) {}

  /** An exchange that has started. Its tensors and its room belong to it until the end. */
  @FunctionalInterface
  public interface UnderWay {
    /** Makes the device's work from now on see what has arrived. */
    void finish();
  }

  /**
   * @param rank of this process in the layout
   * @param group ranks of the collectives, in the order of the layout
   */
  public HeadsExchange(
      Device device,
      Collectives collectives,
      CutLayout layout,
      int rank,
      List<Integer> group,
      PhaseTimer timer) {
    this.device = device;
    this.collectives = collectives;
    this.layout = layout;
    this.rank = rank;
    this.group = List.copyOf(group);
    this.place = rank % layout.parts();
    this.timer = timer;
  }

  /**
   * Returns the elements that messages take of so many of this rank: what it keeps is in none.
   *
   * @param elements [tokens, batch, heads, size] together
   * @param ranks of the group
   */
  public static long room(long elements, int ranks) {
    return elements / ranks * (ranks - 1);
  }

  /**
   * Starts giving every rank of the group its heads of this rank's tokens. Collective in the group.
   *
   * @param chunk number of the heads within a rank's share
   * @param room of what {@link #room} says of all that is exchanged
   */
  public UnderWay toHeads(int chunk, Tensor room, Layouts... all) {
    try (var scope = timer.in(Phase.HEADS_EXCHANGE)) {
      List<Part> parts = parts(room, all, true);
      for (Part part : parts) {
        for (int i = 0; i < all.length; i++) {
          Tensor message = part.send().get(i);
          int first = first(all[i], group.indexOf(part.rank()), chunk);
          device.kernels().copyHeads(all[i].tokens(), first, message, 0, heads(all[i]));
        }
      }
      Completion exchanged = collectives.allToAll(parts, device.mark());
      for (Layouts each : all) {
        int first = first(each, place, chunk);
        device.kernels().copyHeads(each.tokens(), first, held(each, place), 0, heads(each));
      }
      return () -> await(exchanged);
    }
  }

  /**
   * Starts giving every rank of the group its tokens of this rank's heads. Collective in the group.
   *
   * @param chunk as in {@link #toHeads}
   * @param room as in {@link #toHeads}
   */
  public UnderWay toTokens(int chunk, Tensor room, Layouts... all) {
    try (var scope = timer.in(Phase.HEADS_EXCHANGE)) {
      List<Part> parts = parts(room, all, false);
      Completion exchanged = collectives.allToAll(parts, device.mark());
      for (Layouts each : all) {
        int first = first(each, place, chunk);
        device.kernels().copyHeads(held(each, place), 0, each.tokens(), first, heads(each));
      }
      return () -> {
        await(exchanged);
        unpack(chunk, parts, all);
      };
    }
  }

  private void await(Completion exchanged) {
    try (var scope = timer.in(Phase.HEADS_EXCHANGE)) {
      device.waitFor(exchanged);
    }
  }

  private void unpack(int chunk, List<Part> parts, Layouts... all) {
    try (var scope = timer.in(Phase.HEADS_EXCHANGE)) {
      for (Part part : parts) {
        for (int i = 0; i < all.length; i++) {
          Tensor message = part.receive().get(i);
          int first = first(all[i], group.indexOf(part.rank()), chunk);
          device.kernels().copyHeads(message, 0, all[i].tokens(), first, heads(all[i]));
        }
      }
    }
  }

  /**
   * Returns what goes between this rank and the others of the group. Tokens of the group lie as
   * they are sent; heads of a token are packed in the room.
   */
  private List<Part> parts(Tensor room, Layouts[] all, boolean toHeads) {
    List<Part> parts = new ArrayList<>();
    long used = 0;
    for (int other = 0; other < group.size(); other++) {
      if (other == place) {
        continue;
      }
      List<Tensor> packed = new ArrayList<>();
      List<Tensor> inPlace = new ArrayList<>();
      for (Layouts each : all) {
        Tensor tokens = each.tokens();
        long elements = tokens.dim(0) * tokens.dim(1) * heads(each) * tokens.dim(3);
        packed.add(
            room.as(tokens.dtype())
                .slice(used, used + elements)
                .view(tokens.dim(0), tokens.dim(1), heads(each), tokens.dim(3)));
        inPlace.add(held(each, other));
        used += elements;
      }
      parts.add(
          toHeads
              ? new Part(group.get(other), packed, inPlace)
              : new Part(group.get(other), inPlace, packed));
    }
    return parts;
  }

  /** Returns the tokens of one rank of the group. */
  private Tensor held(Layouts each, int other) {
    int of = rank - place + other;
    return each.heads().slice(layout.from(of), layout.from(of) + layout.size(of));
  }

  /** Returns the first head of a chunk of the share of the rank at a place in the group. */
  private int first(Layouts each, int other, int chunk) {
    int share = Math.toIntExact(each.tokens().dim(2)) / group.size();
    return other * share + chunk * heads(each);
  }

  private static int heads(Layouts each) {
    return Math.toIntExact(each.heads().dim(2));
  }
}
