package ringattention.model;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Collectives;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.CutLayout;

/**
 * What tensor ranks send each other at the two ends of a half of a block: an all-gather of tokens
 * before its products, a reduce-scatter of their sums behind them (sequence parallelism,
 * Korthikanti et al. 2022). Parts may differ by a token, so both are exchanges between pairs, and
 * the sum is made here, in the order of ranks beginning with this one.
 */
public final class TokensExchange {
  private final Device device;
  private final Collectives collectives;
  private final CutLayout layout;
  private final int rank; // of the layout
  private final List<Integer> group; // ranks of the collectives
  private final int place; // in the group
  private final Tensor room;
  private final PhaseTimer timer;

  /**
   * @param layout whose parts are the tokens of tensor ranks
   * @param rank of this process in the layout
   * @param group ranks of the collectives, in the order of the layout
   * @param room for the sums of the others, [others * tokens, batch, hidden]
   */
  TokensExchange(
      Device device,
      Collectives collectives,
      CutLayout layout,
      int rank,
      List<Integer> group,
      Tensor room,
      PhaseTimer timer) {
    this.device = device;
    this.collectives = collectives;
    this.layout = layout;
    this.rank = rank;
    this.group = List.copyOf(group);
    this.place = rank % layout.parts();
    this.room = room;
    this.timer = timer;
  }

  /**
   * Returns this rank's tokens of those of all.
   *
   * @param whole [tokens of the group, ..]
   */
  Tensor own(Tensor whole) {
    return part(whole, place);
  }

  private Tensor part(Tensor whole, int other) {
    int of = rank - place + other;
    return whole.slice(layout.from(of), layout.from(of) + layout.size(of));
  }

  /**
   * Completes what holds this rank's tokens. Collective in the group.
   *
   * @param whole [tokens of the group, batch, hidden]
   */
  void gather(Tensor whole) {
    try (var scope = timer.in(Phase.TENSOR_EXCHANGE)) {
      List<Collectives.Part> parts = new ArrayList<>();
      for (int other = 0; other < group.size(); other++) {
        if (other != place) {
          Tensor arriving = part(whole, other);
          parts.add(new Collectives.Part(group.get(other), List.of(own(whole)), List.of(arriving)));
        }
      }
      device.waitFor(collectives.allToAll(parts, device.mark()));
    }
  }

  /**
   * Makes this rank's tokens the sum over all ranks; the others stay. Collective in the group.
   *
   * @param whole [tokens of the group, batch, hidden]
   */
  void sum(Tensor whole) {
    try (var scope = timer.in(Phase.TENSOR_EXCHANGE)) {
      Tensor own = own(whole);
      List<Collectives.Part> parts = new ArrayList<>();
      for (int other = 0; other < group.size(); other++) {
        if (other != place) {
          long from = parts.size() * own.dim(0);
          Tensor arriving = room.slice(from, from + own.dim(0));
          parts.add(
              new Collectives.Part(
                  group.get(other), List.of(part(whole, other)), List.of(arriving)));
        }
      }
      device.waitFor(collectives.allToAll(parts, device.mark()));
      for (Collectives.Part part : parts) {
        device.kernels().add(own, part.receive().get(0));
      }
    }
  }
}
