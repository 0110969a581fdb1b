package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.comm.Communicator;
import ringattention.device.DType;

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
