package ringattention.parallel;

import java.util.Arrays;
import java.util.List;
import ringattention.comm.Communicator;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

/**
 * This rank's shard of the weights of every group, equal over all ranks that share the group, and
 * the whole groups that are gathered from it. A whole group exists only from {@link #weights} until
 * the group after next is prefetched.
 */
public final class ShardedWeights implements ParameterSource, LoadableWeights {
  private static final int NONE = -1;

  private final Device device;
  private final Communicator world;
  private final PartCollectives collectives;
  private final List<ParameterGroup> groups;
  private final WeightBuffers buffers;
  private final PhaseTimer timer;
  private final ShardTransfer transfer;
  private final int[] resident = {NONE, NONE}; // which group each gathering buffer holds
  private final Completion[] arrival = {Completion.DONE, Completion.DONE};
  private int lastUsed; // gathering buffer

  /**
   * @param world all ranks, for small values
   * @param collectives of the same ranks, for whole groups
   */
  public ShardedWeights(
      Device device,
      Communicator world,
      Collectives collectives,
      List<ParameterGroup> groups,
      WeightBuffers buffers,
      PhaseTimer timer) {
    this(
        device,
        world,
        PartCollectives.of(collectives, groups, world.rank()),
        groups,
        buffers,
        timer);
  }

  ShardedWeights(
      Device device,
      Communicator world,
      PartCollectives collectives,
      List<ParameterGroup> groups,
      WeightBuffers buffers,
      PhaseTimer timer) {
    this.device = device;
    this.world = world;
    this.collectives = collectives;
    this.groups = List.copyOf(groups);
    this.buffers = buffers;
    this.timer = timer;
    this.transfer = new ShardTransfer(device, this.groups, world.rank(), world.size());
  }

  List<ParameterGroup> groups() {
    return groups;
  }

  @Override
  public DType type() {
    return buffers.shards().get(0).dtype();
  }

  @Override
  public void clear() {
    buffers.shards().forEach(shard -> device.kernels().fill(shard, 0));
    changed();
  }

  @Override
  public void initialize(long seed, double standardDeviation) {
    clear();
    InitialWeights initial = new InitialWeights(seed, standardDeviation);
    for (int group = 0; group < groups.size(); group++) {
      for (ParameterGroup.Piece piece : pieces(group)) {
        Tensor weight = shard(group).slice(piece.from(), piece.from() + piece.length());
        initial.set(device.kernels(), piece.parameter(), piece.index(), weight);
      }
    }
  }

  @Override
  public void load(ValueSource source) {
    transfer.load(this::shard, source);
    changed();
  }

  @Override
  public void loadExactly(StateSource source) {
    transfer.loadExactly(this::shard, source, type());
    changed();
  }

  @Override
  public void prefetch(int group) {
    if (group == resident[0] || group == resident[1]) {
      return;
    }
    int buffer = 1 - lastUsed;
    device.waitFor(arrival[buffer]); // of a group fetched but never used
    try (var scope = timer.in(Phase.GATHER)) {
      long elements = groups.get(group).shardElements(world.size());
      Tensor part = shard(group);
      if (!buffers.wires().isEmpty()) {
        Tensor wire = flat(buffers.wires().get(buffer), elements);
        device.kernels().copy(part, wire);
        part = wire;
      }
      Tensor whole =
          flat(buffers.gathered().get(buffer), groups.get(group).gatheredElements(world.size()));
      arrival[buffer] = collectives.of(groups.get(group)).allGather(part, whole, device.mark());
    }
    resident[buffer] = group;
  }

  @Override
  public Weights weights(int group) {
    prefetch(group);
    lastUsed = resident[0] == group ? 0 : 1;
    try (var scope = timer.in(Phase.GATHER)) {
      device.waitFor(arrival[lastUsed]);
    }
    return new Weights(groups.get(group), flat(buffers.gathered().get(lastUsed)));
  }

  /** Invalidates gathered weights. */
  void changed() {
    settle();
    Arrays.fill(resident, NONE);
  }

  /** Work enqueued from now on finds no gather under way. */
  public void settle() {
    for (Completion gathered : arrival) {
      device.waitFor(gathered);
    }
  }

  private Tensor shard(int group) {
    return buffers.shards().get(group);
  }

  private List<ParameterGroup.Piece> pieces(int group) {
    return groups.get(group).pieces(world.rank(), world.size());
  }

  private static Tensor flat(Tensor tensor) {
    return tensor.view(tensor.elements());
  }

  private static Tensor flat(Tensor tensor, long elements) {
    return flat(tensor).slice(0, elements);
  }
}
