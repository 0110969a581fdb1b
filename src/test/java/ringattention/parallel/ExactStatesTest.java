package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.attention.LateDevice;
import ringattention.comm.Communicator;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.WatchedDevice;

/** States in the type of the device: nothing is rounded on the way there and back. */
class ExactStatesTest {
  @Test
  void doublesComeBackAsTheyWere() {
    new Rig()
        .run(
            2,
            rank -> {
              ShardedParameters parameters = rank.parameters();
              assertEquals(DType.F64, parameters.type());
              parameters.weights(1);
              for (State state : State.values()) {
                parameters.loadExactly(
                    state,
                    (parameter, index, into) -> {
                      for (int i = 0; into.hasRemaining(); i++) {
                        into.putDouble(value(state, parameter, index + i));
                      }
                    });
              }
              double[] matrix = rank.device().read(parameters.weights(1).get("b.matrix"));
              for (int i = 0; i < 4; i++) {
                assertEquals(value(State.WEIGHT, Rig.OTHER, i), matrix[i]);
              }
              for (State state : State.values()) {
                int[] seen = new int[1];
                parameters.saveExactly(
                    state,
                    (parameter, index, values) -> {
                      for (int i = 0; values.hasRemaining(); i++) {
                        assertEquals(value(state, parameter, index + i), values.getDouble());
                        seen[0]++;
                      }
                    });
                assertEquals(27, (int) rank.world().allReduce(seen[0], Communicator.Operation.SUM));
              }
              return null;
            });
  }

  /** A third and its neighbours, which no float holds. */
  private static double value(State state, Parameter parameter, long index) {
    return (1 + state.ordinal() + index) / 3.0 + parameter.name().length();
  }

  private static void load(ShardedParameters parameters, State state, int added) {
    parameters.loadExactly(
        state,
        (parameter, index, into) -> {
          for (int i = 0; into.hasRemaining(); i++) {
            into.putDouble(value(state, parameter, index + i) + added);
          }
        });
  }

  /** Copies are made when somebody waits for them: one room on the host serves them all. */
  @Test
  void copiesThatAreMadeLateAreWaitedFor() {
    new Rig()
        .on(() -> new LateDevice(Integer.MAX_VALUE, 1, false))
        .run(
            1,
            rank -> {
              ShardedParameters parameters = rank.parameters();
              load(parameters, State.MOMENTUM, 0);
              parameters.saveExactly(
                  State.MOMENTUM,
                  (parameter, index, values) -> {
                    for (int i = 0; values.hasRemaining(); i++) {
                      assertEquals(value(State.MOMENTUM, parameter, index + i), values.getDouble());
                    }
                  });
              rank.device().synchronize();
              return null;
            });
  }

  /** Copies that are made early would be overwritten by the zeros before them. */
  @Test
  void whatIsLoadedIsNotClearedAfterwards() {
    new Rig()
        .on(() -> new LateDevice(Integer.MAX_VALUE, 1, true))
        .run(
            1,
            rank -> {
              ShardedParameters parameters = rank.parameters();
              parameters.clear();
              load(parameters, State.WEIGHT, 0);
              double[] first = rank.device().read(parameters.weights(0).get("a.matrix"));
              assertEquals(value(State.WEIGHT, Rig.MATRIX, 0), first[0]);
              return null;
            });
  }

  /** Weights that were gathered before are not used again; other states do not concern them. */
  @Test
  void newWeightsAreGatheredAnew() {
    int[] gathers = {0};
    new Rig()
        .with(collectives -> counting(collectives, gathers))
        .run(
            1,
            rank -> {
              ShardedParameters parameters = rank.parameters();
              for (int added = 1; added <= 2; added++) {
                load(parameters, State.WEIGHT, added);
                double[] matrix = rank.device().read(parameters.weights(1).get("b.matrix"));
                assertEquals(value(State.WEIGHT, Rig.OTHER, 0) + added, matrix[0]);
                assertEquals(added, gathers[0]);
              }
              load(parameters, State.VARIANCE, 0);
              parameters.weights(1);
              assertEquals(2, gathers[0]);
              return null;
            });
  }

  private static Collectives counting(Collectives collectives, int... gathers) {
    return WatchedDevice.watched(
        Collectives.class,
        collectives,
        (method, arguments, call) -> {
          gathers[0] += method.equals("allGather") ? 1 : 0;
          return call.make();
        });
  }

  @Test
  void aWeightThatIsNotFiniteIsNamed() {
    List<String> names =
        new Rig()
            .run(
                2,
                rank -> {
                  String before = rank.parameters().firstNonFinite(State.VARIANCE);
                  rank.parameters()
                      .loadExactly(
                          State.VARIANCE,
                          (parameter, index, into) -> {
                            while (into.hasRemaining()) {
                              into.putDouble(parameter == Rig.NORM ? Double.NaN : 0);
                            }
                          });
                  return before
                      + "|"
                      + rank.parameters().firstNonFinite(State.WEIGHT)
                      + "|"
                      + rank.parameters().firstNonFinite(State.VARIANCE);
                });
    assertEquals(List.of("||a.norm", "||a.norm"), names);
  }

  @Test
  void statesHaveNames() {
    assertArrayEquals(
        new String[] {"weight", "first moment", "second moment"},
        Arrays.stream(State.values()).map(State::title).toArray());
  }
}
