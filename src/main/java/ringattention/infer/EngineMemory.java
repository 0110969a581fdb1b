package ringattention.infer;

import static ringattention.device.Allocator.Purpose.WORKSPACE;

import java.util.stream.IntStream;
import ringattention.device.DType;
import ringattention.device.DeviceTraits;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.model.ModelConfig;

/** The bytes of an engine on the ranks that share a cache. */
final class EngineMemory {
  private EngineMemory() {}

  /** Returns every buffer of a rank, the device's own workspace included. */
  static MemoryPlan of(EngineShape shape, int rank, DeviceTraits device) {
    MemoryPlan plan = buffers(shape, rank, device);
    ModelConfig model = shape.model();
    long bytes =
        device.workspaceBytes(shape.calls(rank, device))
            + device.decodeWorkspaceBytes(shape.rows(), model.heads());
    plan.allocate(
        "device.workspace", WORKSPACE, DType.F32, new Dim("words", bytes / DType.F32.bytes()));
    return plan;
  }

  /** Returns the same without the device's own workspace. */
  static MemoryPlan buffers(EngineShape shape, int rank, DeviceTraits device) {
    MemoryPlan plan = new MemoryPlan();
    EngineBuffers.allocate(plan, shape, rank, device.compute(), device.sum());
    return plan;
  }

  /** Returns the bytes of the rank that needs most. */
  static long most(EngineShape shape, DeviceTraits device) {
    return ranks(shape).mapToLong(rank -> of(shape, rank, device).bytes()).max().orElseThrow();
  }

  /** One of these needs most. */
  static IntStream ranks(EngineShape shape) {
    return IntStream.of(0, shape.ranks() - 1).distinct();
  }
}
