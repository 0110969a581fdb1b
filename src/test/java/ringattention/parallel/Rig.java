package ringattention.parallel;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;

/**
 * Sharded parameters of a few elements over ranks that are threads. Memory lives until all ranks
 * have ended: one that fails must not take away what another still reads.
 *
 * @param device of each rank
 * @param wrapped what the parameters see of the rank's collectives
 * @param wire what weights and gradients travel in
 * @param accumulates whether gradients of several passes are added up
 */
record Rig(
    List<ParameterGroup> groups,
    Supplier<Device> device,
    UnaryOperator<Collectives> wrapped,
    DType wire,
    boolean accumulates) {
  static final Parameter MATRIX = new Parameter("a.matrix", Parameter.Initial.NORMAL, 3, 5);
  static final Parameter NORM = new Parameter("a.norm", Parameter.Initial.ONES, 7);
  static final Parameter OTHER = new Parameter("b.matrix", Parameter.Initial.NORMAL, 2, 2);
  static final Parameter LAST = new Parameter("c.norm", Parameter.Initial.ONES, 1);
  static final List<ParameterGroup> GROUPS =
      List.of(
          new ParameterGroup("a", List.of(MATRIX, NORM)),
          new ParameterGroup("b", List.of(OTHER)),
          new ParameterGroup("c", List.of(LAST)));

  /** What a test does on one rank. */
  record Rank(
      Communicator world, Device device, ShardBuffers buffers, ShardedParameters parameters) {}

  Rig() {
    this(GROUPS, ReferenceDevice::new, all -> all, DType.F64, true);
  }

  Rig on(Supplier<Device> other) {
    return new Rig(groups, other, wrapped, wire, accumulates);
  }

  Rig with(UnaryOperator<Collectives> other) {
    return new Rig(groups, device, other, wire, accumulates);
  }

  /** Gradients of one pass only. */
  Rig once() {
    return new Rig(groups, device, wrapped, wire, false);
  }

  /** Returns what the body returns on each rank, which begins with weights of seed 1. */
  <T> List<T> run(int ranks, Function<Rank, T> body) {
    ConcurrentLinkedDeque<AutoCloseable> open = new ConcurrentLinkedDeque<>();
    try {
      return LocalCommunicator.run(
          ranks,
          world -> {
            Device made = device.get();
            open.push(made::close);
            Arena arena = new Arena(made);
            open.push(arena);
            ShardBuffers buffers =
                ShardBuffers.allocate(arena, groups, ranks, wire, made.sum(), wire, accumulates);
            PhaseTimer timer = new PhaseTimer(System::nanoTime);
            Collectives collectives = wrapped.apply(new HostCollectives(world, timer.timeline()));
            ShardedParameters parameters =
                new ShardedParameters(made, world, collectives, groups, buffers, timer);
            parameters.initialize(1, 0.5);
            return body.apply(new Rank(world, made, buffers, parameters));
          });
    } finally {
      open.forEach(Rig::close);
    }
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
