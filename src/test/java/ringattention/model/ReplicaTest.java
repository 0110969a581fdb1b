package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.device.Allocator;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.MemoryPlan;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.validate.TransformerProblem;

/** This rank's part of a model: what it holds, and that positions and tokens reach it. */
class ReplicaTest {
  private static final TransformerProblem PROBLEM =
      TransformerProblem.small(13, 1, Mask.CAUSAL, LayoutKind.ZIGZAG, 4);

  /** What is done with a replica and its device. */
  private interface Body<T> {
    T apply(Replica replica, Device device);
  }

  private static TransformerProblem stretched(double magnitude) {
    ModelConfig model = PROBLEM.model();
    return new TransformerProblem(
        new ModelConfig(
            model.vocabulary(),
            model.hidden(),
            model.layers(),
            model.heads(),
            model.feedForward(),
            model.ropeTheta(),
            new YarnRope(1, 64, magnitude, 32, 1, true),
            model.normEpsilon(),
            model.tied(),
            model.initStd(),
            model.checkpoint()),
        PROBLEM.length(),
        1,
        PROBLEM.mask(),
        PROBLEM.layout(),
        PROBLEM.seed());
  }

  private static <T> T on(Communicator world, ModelSetup setup, Body<T> body) {
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = new ReferenceDevice();
        Arena arena = new Arena(device)) {
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      replica.weights().initialize(1, PROBLEM.model().initStd());
      T result = body.apply(replica, device);
      replica.settle();
      return result;
    }
  }

  /** The loss of the problem's sequence at other positions. */
  private static double loss(IntUnaryOperator positions) {
    return loss(PROBLEM, positions);
  }

  private static double loss(TransformerProblem problem, IntUnaryOperator positions) {
    Sample plain = PROBLEM.sequences()[0];
    int[] moved = Arrays.stream(plain.positions()).map(positions).toArray();
    return on(
        LocalCommunicator.single(),
        problem.ring(Mesh.of(1, 1)),
        (replica, device) -> {
          replica.load(
              new Sample[] {new Sample(plain.tokens(), plain.labels(), moved, plain.documents())});
          return replica.lossAndGradients(1) / 13;
        });
  }

  /** Rotary positions are relative: only how far tokens lie apart counts, and that it counts. */
  @Test
  void lossesDependOnDistancesAlone() {
    double plain = loss(position -> position);
    assertEquals(plain, loss(position -> position + 1000), 1e-9);
    assertTrue(Math.abs(plain - loss(position -> 3 * position)) > 1e-6);
    assertTrue(plain > 1 && plain < 10, "a loss of " + plain);
  }

  /** Scores are products of queries and keys: of none, attention is the same to all. */
  @Test
  void theMagnitudeIsThatOfScores() {
    double plain = loss(position -> position);
    assertEquals(plain, loss(stretched(1), position -> position)); // the same bits
    assertTrue(Math.abs(plain - loss(stretched(1.1), position -> position)) > 1e-6);
    double flat = loss(stretched(1e-6), position -> position);
    assertEquals(flat, loss(stretched(1e-6), position -> 3 * position), 1e-10);
  }

  /** A message about a rank that hangs names its neighbours; without a ring there are none. */
  @Test
  void ranksKnowWhereTheirRingIs() {
    List<String> both =
        LocalCommunicator.run(
            2,
            world ->
                on(
                    world,
                    PROBLEM.ring(Mesh.of(2, 2)),
                    (replica, device) -> {
                      replica.load(PROBLEM.sequences());
                      replica.lossAndGradients(1);
                      return replica.exchanging();
                    }));
    assertTrue(
        both.get(0)
            .matches(
                "ring of keys and values done: exchange \\d+ to rank 1 and from rank 1, of"
                    + " gradients done: exchange \\d+ to rank 1 and from rank 1"),
        both.get(0));
    for (ModelSetup setup : List.of(PROBLEM.vanilla(), PROBLEM.ring(Mesh.of(1, 1)))) {
      assertEquals(
          "", on(LocalCommunicator.single(), setup, (replica, device) -> replica.exchanging()));
    }
  }

  @Test
  void whatIsLoadedIsOnTheDevice() {
    int[] tokens = PROBLEM.sequences()[0].tokens();
    double[] held =
        on(
            LocalCommunicator.single(),
            PROBLEM.vanilla(),
            (replica, device) -> {
              replica.load(PROBLEM.sequences());
              return device.read(replica.activations().tokens());
            });
    assertArrayEquals(Arrays.stream(tokens).asDoubleStream().toArray(), held);
  }

  @Test
  void aForwardAloneHasNoGradients() {
    ModelSetup forward = PROBLEM.ring(Mesh.of(1, 1)).with(ActivationPolicy.forwardOnly(2, 1));
    on(
        LocalCommunicator.single(),
        forward,
        (replica, device) -> assertThrows(IllegalStateException.class, replica::parameters));
    assertThrows(
        IllegalArgumentException.class,
        () -> on(LocalCommunicator.single(), PROBLEM.ring(Mesh.of(2, 2)), (r, d) -> null));
  }

  private static List<String> saved(ActivationPolicy policy) {
    MemoryPlan plan = new MemoryPlan();
    ModelSetup setup = PROBLEM.ring(Mesh.of(1, 1)).with(policy);
    ModelBuffers.allocate(plan, setup, 0, DType.F32, DType.F32);
    return plan.buffers().stream()
        .map(MemoryPlan.Buffer::name)
        .filter(name -> name.matches("(block\\.\\d|blocks|window|group).*"))
        .filter(name -> !name.endsWith("log_sum_exp")) // one with every output of attention
        .toList();
  }

  /** Memory that an MPI has seen stays mapped in other processes: it is allocated alone. */
  @Test
  void ranksThatExchangeHeadsSendMemoryOfTheRingAlone() {
    TransformerProblem problem = TransformerProblem.small(13, 1, Mask.CAUSAL, LayoutKind.ZIGZAG, 4);
    ModelSetup setup = problem.ring(Mesh.of(2, 1, 2));
    List<Integer> seen =
        LocalCommunicator.run(
            2,
            world -> {
              PhaseTimer timer = new PhaseTimer(System::nanoTime);
              List<Tensor> ofRing = new ArrayList<>();
              AtomicInteger exchanged = new AtomicInteger();
              Collectives below = new HostCollectives(world, timer.timeline());
              try (Device device = new ReferenceDevice();
                  Arena arena = new Arena(device)) {
                Allocator noting =
                    (name, purpose, type, dims) -> {
                      Tensor made = arena.allocate(name, purpose, type, dims);
                      if (purpose == Allocator.Purpose.RING) {
                        ofRing.add(made);
                      }
                      return made;
                    };
                Collectives checked =
                    new Collectives() {
                      @Override
                      public Completion allGather(Tensor part, Tensor whole, Completion after) {
                        return below.allGather(part, whole, after);
                      }

                      @Override
                      public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
                        return below.reduceScatter(whole, part, after);
                      }

                      @Override
                      public Completion allToAll(List<Part> parts, Completion after) {
                        for (Part part : parts) {
                          Stream.of(part.send(), part.receive())
                              .flatMap(List::stream)
                              .forEach(tensor -> assertTrue(within(ofRing, tensor), "" + tensor));
                        }
                        exchanged.incrementAndGet();
                        return below.allToAll(parts, after);
                      }

                      @Override
                      public Collectives split(int color) {
                        return below.split(color);
                      }
                    };
                Replica replica = new Replica(setup, world, checked, device, noting, timer);
                replica.weights().initialize(1, 0.1);
                replica.load(problem.sequences());
                replica.lossAndGradients(1);
                replica.settle();
              }
              return exchanged.get();
            });
    // two blocks, whose forwards are done again, of two each; their backwards: there, back
    assertEquals(List.of(4 * 2 + 2 * 2, 4 * 2 + 2 * 2), seen);
  }

  private static boolean within(List<Tensor> some, Tensor tensor) {
    return some.stream()
        .anyMatch(
            each ->
                each.address() <= tensor.address()
                    && tensor.address() + tensor.bytes() <= each.address() + each.bytes());
  }

  /** Every buffer more is context less: nothing is held that no block needs. */
  @Test
  void noMoreIsHeldThanIsKept() {
    assertEquals(
        List.of("block.0.input", "block.1.input", "blocks.output", "window.0.attended"),
        saved(ActivationPolicy.inputs(2)));
    assertEquals(
        List.of(
            "block.0.input",
            "block.0.attended",
            "block.1.input",
            "block.1.attended",
            "blocks.output"),
        saved(new ActivationPolicy(2, 1, 2, 0)));
    assertEquals(
        List.of(
            "block.0.input", // on the host
            "block.1.input",
            "block.1.attended",
            "window.0.input",
            "window.1.input",
            "window.0.attended"),
        saved(new ActivationPolicy(2, 1, 1, 1)));
    assertEquals(
        List.of(
            "block.0.input",
            "block.1.input",
            "block.1.attended",
            "window.0.input",
            "window.1.input",
            "window.0.attended",
            "window.1.attended"),
        saved(new ActivationPolicy(2, 1, 1, 3)));
    assertEquals(
        List.of(
            "block.0.input",
            "block.0.attended",
            "block.0.queries",
            "block.0.keys",
            "block.0.values",
            "block.1.input",
            "block.1.attended",
            "block.1.queries",
            "block.1.keys",
            "block.1.values",
            "block.1.after_attention",
            "block.1.gate",
            "block.1.up",
            "blocks.output"),
        saved(new ActivationPolicy(2, 1, 2, 0).withProducts(2, 1)));
    assertEquals(
        List.of("window.0.input", "window.1.input", "window.0.attended"),
        saved(ActivationPolicy.forwardOnly(2, 1)));
    List<String> groups = saved(new ActivationPolicy(2, 2, 0, 0));
    assertTrue(groups.containsAll(List.of("group.attended", "group.attended.gradient")));
  }
}
