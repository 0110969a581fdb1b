package ringattention.plan;

import static ringattention.device.Allocator.Purpose.OFFLOADED;
import static ringattention.device.Allocator.Purpose.WORKSPACE;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ringattention.attention.AttentionShape;
import ringattention.attention.RingSchedule;
import ringattention.checkpoint.CheckpointWriter;
import ringattention.device.Arena;
import ringattention.device.AttentionCall;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.model.AttentionKind;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelSetup;
import ringattention.report.Units;
import ringattention.shard.SequenceLayout;

/**
 * What ranks need of memory, before anything is allocated: by the code that allocates it.
 *
 * @param checkpoints whether the run writes any
 */
public record RankMemory(ModelSetup setup, boolean checkpoints) {
  /** Returns the plan of the rank that needs most. */
  public MemoryPlan most(DeviceTraits device) {
    return most(neediest(), device, rank -> workspaceBytes(rank, device));
  }

  MemoryPlan most(List<Integer> ranks, DeviceTraits device, IntToLongFunction workspaceBytes) {
    return ranks.stream()
        .map(rank -> of(rank, device, workspaceBytes.applyAsLong(rank)))
        .max(Comparator.comparingLong(MemoryPlan::bytes))
        .orElseThrow();
  }

  /** Every buffer of a rank on such a device, the device's own workspace included. */
  public MemoryPlan of(int rank, DeviceTraits device) {
    return of(rank, device, workspaceBytes(rank, device));
  }

  private MemoryPlan of(int rank, DeviceTraits device, long workspaceBytes) {
    MemoryPlan plan = new MemoryPlan();
    Dim words = new Dim("words", workspaceBytes / DType.F32.bytes());
    plan.allocate("device.workspace", WORKSPACE, DType.F32, words);
    ModelBuffers.allocate(plan, setup, rank, device.compute(), device.sum());
    if (checkpoints && !setup.policy().forwardOnly()) {
      long bytes =
          CheckpointWriter.hostBytes(setup.groups(rank), rank, setup.mesh().world(), device.sum());
      plan.allocate("checkpoint.copy", OFFLOADED, DType.F32, new Dim("words", bytes / 4));
    }
    return plan;
  }

  /**
   * Allocates everything a step needs on the device, so that it allocates nothing itself.
   *
   * @throws OutOfMemoryError naming the largest buffers
   */
  public Arena arena(int rank, Device device) {
    try {
      device.reserveWorkspace(attentionCalls(rank, device));
      return new Arena(device, buffers(rank, device));
    } catch (OutOfMemoryError full) {
      throw new OutOfMemoryError(full.getMessage() + "; " + largest(rank, device));
    }
  }

  /**
   * Returns {@link #of(int, DeviceTraits)} without the device's own workspace and what checkpoints
   * need.
   */
  MemoryPlan buffers(int rank, DeviceTraits device) {
    MemoryPlan plan = new MemoryPlan();
    ModelBuffers.allocate(plan, setup, rank, device.compute(), device.sum());
    return plan;
  }

  /** The three largest buffers of a rank in words. */
  private String largest(int rank, DeviceTraits device) {
    return of(rank, device).buffers().stream()
        .sorted(Comparator.comparingLong(MemoryPlan.Buffer::bytes).reversed())
        .limit(3)
        .map(buffer -> buffer.name() + " " + Units.bytes(buffer.bytes()))
        .collect(Collectors.joining(", ", "largest buffers of the plan: ", ""));
  }

  long workspaceBytes(int rank, DeviceTraits device) {
    AttentionShape shape = setup.attentionShape(rank);
    if (setup.attention() == AttentionKind.VANILLA) {
      return device.vanillaWorkspaceBytes(
          new BlockShape(shape.tokens(), shape.tokens(), shape.batch(), shape.heads()),
          setup.mask());
    }
    return device.workspaceBytes(attentionCalls(rank, device));
  }

  /** All that attention of a rank asks of its device; nothing of a vanilla one. */
  List<AttentionCall> attentionCalls(int rank, DeviceTraits device) {
    if (setup.attention() == AttentionKind.VANILLA) {
      return List.of();
    }
    int ringRank = setup.mesh().ringRank(rank);
    AttentionShape shape = setup.attentionShape(rank);
    RingSchedule schedule = new RingSchedule(setup.ringLayout(), setup.mask(), ringRank);
    return setup.packed() ? schedule.packedCalls(device, shape) : schedule.calls(device, shape);
  }

  /** The rank that holds most: the one the memory plan is printed for. */
  public int fullestRank() {
    SequenceLayout layout = setup.ringLayout();
    int fullest = 0;
    for (int rank = 1; rank < layout.ranks(); rank++) {
      if (layout.size(rank) > layout.size(fullest)) {
        fullest = rank;
      }
    }
    // the first of a group has its largest part
    return fullest * setup.mesh().heads() * setup.mesh().tensor();
  }

  /**
   * One of these needs most. Shards differ by a few tokens, so it is the fullest, or the last,
   * whose queries are most in one call.
   */
  List<Integer> neediest() {
    return IntStream.of(fullestRank(), setup.mesh().world() - 1).distinct().boxed().toList();
  }
}
