package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;

class ShardedParametersTest {
  private static final Parameter MATRIX = new Parameter("a.matrix", Parameter.Initial.NORMAL, 3, 5);
  private static final Parameter NORM = new Parameter("a.norm", Parameter.Initial.ONES, 7);
  private static final Parameter OTHER = new Parameter("b.matrix", Parameter.Initial.NORMAL, 2, 2);
  private static final List<ParameterGroup> GROUPS =
      List.of(
          new ParameterGroup("a", List.of(MATRIX, NORM)),
          new ParameterGroup("b", List.of(OTHER)),
          new ParameterGroup("c", List.of(new Parameter("c.norm", Parameter.Initial.ONES, 1))));

  /** What a test does with the parameters of one rank. */
  private interface Body<T> {
    T apply(Communicator rank, Device device, ShardedParameters parameters);
  }

  private static <T> List<T> onRanks(int ranks, Body<T> body) {
    return LocalCommunicator.run(
        ranks,
        rank -> {
          try (Device device = new ReferenceDevice();
              Arena arena = new Arena(device)) {
            ShardBuffers buffers =
                ShardBuffers.allocate(
                    arena, GROUPS, ranks, device.compute(), device.sum(), device.sum(), true);
            PhaseTimer timer = new PhaseTimer(System::nanoTime);
            ShardedParameters parameters =
                new ShardedParameters(
                    device,
                    rank,
                    new HostCollectives(rank, timer.timeline()),
                    GROUPS,
                    buffers,
                    timer);
            parameters.initialize(1, 0.5);
            return body.apply(rank, device, parameters);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8, 30})
  void piecesCoverEveryElementOnce(int ranks) {
    for (ParameterGroup group : GROUPS) {
      long[] seen = new long[(int) group.elements()];
      for (int rank = 0; rank < ranks; rank++) {
        for (ParameterGroup.Piece piece : group.pieces(rank, ranks)) {
          for (long i = 0; i < piece.length(); i++) {
            long flat = rank * group.shardElements(ranks) + piece.from() + i;
            assertEquals(group.offset(piece.parameter()) + piece.index() + i, flat);
            seen[(int) flat]++;
          }
        }
      }
      for (long count : seen) {
        assertEquals(1, count);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 30})
  void weightsDoNotDependOnTheNumberOfRanks(int ranks) {
    List<double[]> alone = onRanks(1, (rank, device, parameters) -> all(device, parameters)).get(0);
    for (List<double[]> held :
        onRanks(ranks, (rank, device, parameters) -> all(device, parameters))) {
      for (int i = 0; i < alone.size(); i++) {
        assertArrayEquals(alone.get(i), held.get(i));
      }
    }
  }

  private static List<double[]> all(Device device, ShardedParameters parameters) {
    List<double[]> values = new ArrayList<>();
    int[] order = {0, 1, 2, 1, 0, 2}; // forth, back, and one that was not prefetched
    for (int i = 0; i < order.length; i++) {
      Weights weights = parameters.weights(order[i]);
      if (i + 1 < order.length - 1) {
        parameters.prefetch(order[i + 1]);
      }
      for (Parameter parameter : GROUPS.get(order[i]).parameters()) {
        values.add(device.read(weights.get(parameter.name())));
      }
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void gradientsAreSummedOverRanksAndAccumulate(int ranks) {
    List<double[]> gradients =
        onRanks(
            ranks,
            (rank, device, parameters) -> {
              for (int micro = 0; micro < 3; micro++) {
                Weights room = parameters.gradients(0);
                device.write(room.get("norm"), 1.0, 2, 3, 4, 5, 6, 7 + rank.rank());
                parameters.reduce(0);
              }
              return parameters.gatherGradient(0);
            });
    double last = 0;
    for (int rank = 0; rank < ranks; rank++) {
      last += 3 * (7 + rank);
    }
    for (double[] gradient : gradients) {
      assertEquals(0, gradient[0]);
      assertEquals(3.0 * ranks, gradient[15]);
      assertEquals(last, gradient[21]);
    }
  }

  @Test
  void firstNonFiniteGradientIsNamed() {
    List<String> names =
        onRanks(
            3,
            (rank, device, parameters) -> {
              String before = parameters.firstNonFiniteGradient();
              Weights room = parameters.gradients(1);
              device.write(room.get("b.matrix"), 0, 0, 0, rank.rank() == 1 ? Double.NaN : 0);
              parameters.reduce(1);
              return before + "|" + parameters.firstNonFiniteGradient();
            });
    for (String name : names) {
      assertEquals("|b.matrix", name);
    }
  }

  /** Moments too: nothing of what the memory held before is left. */
  @Test
  void clearedParametersAreZero() {
    onRanks(
        2,
        (rank, device, parameters) -> {
          for (State state : State.values()) {
            parameters.load(
                state,
                (parameter, index, into) -> {
                  while (into.hasRemaining()) {
                    into.put(3);
                  }
                });
          }
          parameters.clear();
          for (State state : State.values()) {
            parameters.save(
                state,
                (parameter, index, values) -> {
                  while (values.hasRemaining()) {
                    assertEquals(0, values.get(), state + " of " + parameter.name());
                  }
                });
          }
          return null;
        });
  }

  /** Which parameters shrink where the gradient is zero is the caller's choice, on any ranks. */
  @ParameterizedTest
  @CsvSource({"1, a.matrix", "2, a.matrix", "3, a.norm", "4, b.matrix"})
  void decayIsForThoseChosen(int ranks, String chosen) {
    onRanks(
        ranks,
        (rank, device, parameters) -> {
          List<double[]> before = values(device, parameters);
          parameters.update(
              new Kernels.AdamW(0.5, 0.9, 0.9, 1e-8, 0.25, 1, 1),
              parameter -> parameter.name().equals(chosen));
          List<double[]> after = values(device, parameters);
          List<Parameter> names =
              GROUPS.stream().flatMap(group -> group.parameters().stream()).toList();
          for (int i = 0; i < names.size(); i++) {
            double factor = names.get(i).name().equals(chosen) ? 1 - 0.5 * 0.25 : 1;
            for (int j = 0; j < before.get(i).length; j++) {
              assertEquals(before.get(i)[j] * factor, after.get(i)[j], names.get(i).name());
            }
          }
          return null;
        });
  }

  /** Values of every parameter, in the order of the model. */
  private static List<double[]> values(Device device, ShardedParameters parameters) {
    List<double[]> values = new ArrayList<>();
    for (int group = 0; group < GROUPS.size(); group++) {
      for (Parameter parameter : GROUPS.get(group).parameters()) {
        String suffix = parameter.name().substring(2);
        values.add(device.read(parameters.weights(group).get(suffix)));
      }
    }
    return values;
  }

  @Test
  void normIsOverAllRanksAndGroups() {
    List<Double> norms =
        onRanks(
            2,
            (rank, device, parameters) -> {
              Weights room = parameters.gradients(0);
              if (rank.rank() == 0) {
                device.write(room.get("norm"), 3.0, 0, 0, 0, 0, 0, 0);
              }
              parameters.reduce(0);
              room = parameters.gradients(2);
              if (rank.rank() == 1) {
                device.write(room.get("norm"), 4.0);
              }
              parameters.reduce(2);
              return parameters.gradientNorm();
            });
    assertEquals(List.of(5.0, 5.0), norms);
  }
}
