package ringattention.parallel;

import java.util.Arrays;
import java.util.List;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

/**
 * Gradients of whole groups on their way to the shards: one is made while the one before is summed
 * over the ranks. The first sum of a step goes to the shard directly where the types allow it,
 * others by way of a buffer, and are added as late as that buffer is needed again.
 */
final class GradientSums {
  private final Device device;
  private final PartCollectives collectives;
  private final int ranks;
  private final List<ParameterGroup> groups;
  private final ShardBuffers buffers;
  private final PhaseTimer timer;
  private final WholeGradients wholes;
  private final boolean[] begun; // groups whose shard holds a gradient of this step
  private final Completion[] summed = {Completion.DONE, Completion.DONE}; // by room
  private Runnable addition; // of what arrives in the buffer; null if nothing does
  private int current; // room handed out last
  private boolean complete; // whether weights that tensor ranks share have their whole gradient

  GradientSums(
      Device device,
      PartCollectives collectives,
      int ranks,
      List<ParameterGroup> groups,
      ShardBuffers buffers,
      WholeGradients wholes,
      PhaseTimer timer) {
    this.device = device;
    this.collectives = collectives;
    this.ranks = ranks;
    this.groups = groups;
    this.buffers = buffers;
    this.timer = timer;
    this.begun = new boolean[groups.size()];
    this.wholes = wholes;
  }

  /** See {@link ShardedParameters#gradients}. */
  Tensor room(int group) {
    current = 1 - current;
    try (var scope = timer.in(Phase.REDUCE)) {
      device.waitFor(summed[current]);
    }
    Tensor room = whole(buffers.gradients(), group);
    device.kernels().fill(room, 0);
    return room;
  }

  /** See {@link ShardedParameters#reduce}. */
  void reduce(int group) {
    if (complete) {
      throw new IllegalStateException("gradients of a step that has been summed");
    }
    try (var scope = timer.in(Phase.REDUCE)) {
      Tensor whole = whole(buffers.gradients(), group);
      Tensor shard = buffers.shards().get(group).gradient();
      if (!buffers.gradientWires().isEmpty()) {
        Tensor wire = whole(buffers.gradientWires(), group);
        device.kernels().copy(whole, wire);
        whole = wire;
      }
      boolean first = !begun[group];
      begun[group] = true;
      if (first && whole.dtype() == shard.dtype()) {
        summed[current] =
            collectives.of(groups.get(group)).reduceScatter(whole, shard, device.mark());
        return;
      }
      add();
      Tensor part = buffers.reduced().view(buffers.reduced().elements()).slice(0, shard.elements());
      Completion done = collectives.of(groups.get(group)).reduceScatter(whole, part, device.mark());
      summed[current] = done;
      addition =
          () -> {
            device.waitFor(done);
            if (first) {
              device.kernels().copy(part, shard);
            } else {
              device.kernels().add(shard, part);
            }
          };
    }
  }

  /** Work enqueued from now on sees all sums in the shards. */
  void settle() {
    try (var scope = timer.in(Phase.REDUCE)) {
      for (Completion sum : summed) {
        device.waitFor(sum);
      }
      add();
    }
  }

  /**
   * Does what {@link #settle} does, and sums what tensor ranks share; until {@link #restart} there
   * are no more gradients then.
   */
  void complete() {
    settle();
    if (!complete && PartCollectives.parts(groups) > 1) {
      try (var scope = timer.in(Phase.REDUCE)) {
        wholes.sum();
      }
      complete = true;
    }
  }

  /** The next sums replace what the shards hold. */
  void restart() {
    Arrays.fill(begun, false);
    complete = false;
  }

  private void add() {
    if (addition != null) {
      addition.run();
      addition = null;
    }
  }

  private Tensor whole(List<Tensor> rooms, int group) {
    Tensor room = rooms.get(current);
    return room.view(room.elements()).slice(0, groups.get(group).gatheredElements(ranks));
  }
}
