package ringattention.validate;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.List;
import ringattention.attention.AttentionShape;
import ringattention.attention.RingBuffers;
import ringattention.device.Allocator;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.device.Tensor;
import ringattention.shard.TokenLayout;

/**
 * What one rank allocates to solve an {@link AttentionProblem}, beside the keys and values. The
 * plan and the run go through the same code.
 *
 * @param query [tokens, batch, heads, headSize], as dOut and out
 * @param logSumExp [tokens, batch, heads]
 */
record AttentionBuffers(Tensor query, Tensor dOut, Tensor out, Tensor logSumExp) {
  static AttentionBuffers allocate(
      Allocator allocator, AttentionShape shape, DType compute, DType sum) {
    return new AttentionBuffers(
        perHead(allocator, "query", compute, shape, shape.heads().size()),
        perHead(allocator, "out.gradient", compute, shape, shape.heads().size()),
        perHead(allocator, "out", compute, shape, shape.heads().size()),
        perHead(allocator, "log_sum_exp", sum, shape, 1)
            .view(shape.tokens(), shape.batch(), shape.heads().query()));
  }

  private static Tensor perHead(
      Allocator allocator, String name, DType type, AttentionShape shape, int size) {
    return allocator.allocate(
        name,
        ACTIVATIONS,
        type,
        new Dim("tokens", shape.tokens()),
        new Dim("batch", shape.batch()),
        new Dim("heads", shape.heads().query()),
        new Dim("head size", size));
  }

  /** The shape of a rank's part of a problem. */
  static AttentionShape shape(AttentionProblem problem, TokenLayout layout, int rank) {
    return new AttentionShape(
        layout.size(rank), layout.largestShard(), problem.batch(), problem.heads());
  }

  /** Returns the bytes that ring attention allocates on a rank, the device's workspace included. */
  static long ringBytes(AttentionProblem problem, int ranks, int rank, Device device) {
    MemoryPlan plan = new MemoryPlan();
    new RingParts(problem, ranks, rank).allocate(plan, device.compute(), device.sum());
    AttentionShape shape = shape(problem, problem.layout(ranks), rank);
    allocate(plan, shape, device.compute(), device.sum());
    return plan.bytes() + device.workspaceBytes(ringCalls(problem, ranks, rank, device));
  }

  /** Returns the bytes of one call for the whole sequence, the device's workspace included. */
  static long oneCallBytes(AttentionProblem problem, Device device) {
    AttentionShape shape = shape(problem, problem.layout(1), 0);
    MemoryPlan plan = new MemoryPlan();
    RingBuffers.allocate(plan, shape, device.compute(), device.sum(), false);
    allocate(plan, shape, device.compute(), device.sum());
    return plan.bytes() + device.workspaceBytes(oneCalls(problem));
  }

  /** Returns all that ring attention asks of a rank's device. */
  static List<AttentionCall> ringCalls(
      AttentionProblem problem, int ranks, int rank, Device device) {
    return new RingParts(problem, ranks, rank).calls(device);
  }

  private static List<AttentionCall> oneCalls(AttentionProblem problem) {
    return problem.documents().lengths(problem.length()).stream()
        .distinct()
        .map(
            length ->
                new AttentionCall(
                    new BlockShape(length, length, problem.batch(), problem.heads()),
                    problem.mask(),
                    new Heads(0, problem.heads().keyValue())))
        .toList();
  }
}
