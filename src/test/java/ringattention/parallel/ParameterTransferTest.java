package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.attention.LateDevice;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.NamedWork;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.Rig.Rank;

/** States of parameters to and from what keeps them, part by part. */
class ParameterTransferTest {
  private static final int UPLOAD = 1 << 20; // elements that are on the host at a time

  /** A number of its own for every element of every state: whole, so that floats hold it. */
  private static float value(State state, Parameter parameter, long index) {
    return (state.ordinal() * 4 + parameter.name().charAt(0) % 4) * 3e6f + index;
  }

  private static void fill(State state, Parameter parameter, long index, FloatBuffer into) {
    for (int i = 0; into.hasRemaining(); i++) {
      into.put(value(state, parameter, index + i));
    }
  }

  /**
   * What was saved of one rank: where each part began and how long it was, each value checked.
   *
   * @param name of the parameter
   */
  private record Part(String name, long index, int length) {}

  private static List<Part> saved(ShardedParameters parameters, State state) {
    List<Part> parts = new ArrayList<>();
    parameters.save(
        state,
        (parameter, index, values) -> {
          parts.add(new Part(parameter.name(), index, values.remaining()));
          for (int i = 0; i < values.limit(); i++) {
            assertEquals(value(state, parameter, index + i), values.get(i), parameter.name());
          }
        });
    return parts;
  }

  /** Weights of one kind, moments of the others; all of them there and back. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void statesComeBackAsTheyWere(int ranks) {
    List<List<Part>> parts = new Rig().run(ranks, ParameterTransferTest::loadedAndSaved);
    for (ParameterGroup group : Rig.GROUPS) {
      for (Parameter parameter : group.parameters()) {
        long elements =
            parts.stream()
                .flatMap(List::stream)
                .filter(part -> part.name().equals(parameter.name()))
                .mapToLong(Part::length)
                .sum();
        assertEquals(parameter.elements(), elements, parameter.name());
      }
    }
  }

  private static List<Part> loadedAndSaved(Rank rank) {
    ShardedParameters parameters = rank.parameters();
    for (State state : State.values()) {
      parameters.load(state, (parameter, index, into) -> fill(state, parameter, index, into));
    }
    double[] matrix = rank.device().read(parameters.weights(1).get("b.matrix"));
    double[] expected = new double[4];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = value(State.WEIGHT, Rig.OTHER, i);
    }
    assertArrayEquals(expected, matrix);
    assertEquals(saved(parameters, State.MOMENTUM), saved(parameters, State.VARIANCE));
    return saved(parameters, State.WEIGHT);
  }

  /** Large ones in several parts, through one room on the host, by copies that are made late. */
  @Test
  void largeParametersGoInParts() {
    List<ParameterGroup> groups =
        List.of(
            new ParameterGroup(
                "large",
                List.of(
                    new Parameter("a.exact", Parameter.Initial.NORMAL, UPLOAD),
                    new Parameter("b.longer", Parameter.Initial.NORMAL, UPLOAD + 5))));
    Communicator world = LocalCommunicator.single();
    try (Device device = new LateDevice(Integer.MAX_VALUE, 1, false);
        Arena arena = new Arena(device);
        NamedWork idle = device::synchronize) { // before its memory goes, also where a check fails
      ShardBuffers buffers =
          ShardBuffers.allocate(arena, groups, 1, DType.F32, DType.F32, DType.F32, false);
      PhaseTimer timer = new PhaseTimer(System::nanoTime);
      ShardedParameters parameters =
          new ShardedParameters(
              device, world, new HostCollectives(world, timer.timeline()), groups, buffers, timer);
      for (State state : List.of(State.WEIGHT, State.VARIANCE)) {
        List<Integer> asked = new ArrayList<>();
        parameters.load(
            state,
            (parameter, index, into) -> {
              asked.add(into.remaining());
              fill(state, parameter, index, into);
            });
        assertEquals(List.of(UPLOAD, UPLOAD, 5), asked);
        assertEquals(
            List.of(
                new Part("a.exact", 0, UPLOAD),
                new Part("b.longer", 0, UPLOAD),
                new Part("b.longer", UPLOAD, 5)),
            saved(parameters, state));
      }
    }
  }
}
