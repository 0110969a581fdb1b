package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.attention.LateDevice;
import ringattention.device.DType;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.parallel.Rig.Rank;

/** Gradients of several groups and passes, whenever their sums are made. */
class GradientSumsTest {
  /** Work that is done late, sums that are made late, types that are converted. */
  static Stream<Rig> rigs() {
    return Stream.of(
        new Rig(),
        new Rig().on(() -> new LateDevice(Integer.MAX_VALUE, 1, false)),
        new Rig().with(LateCollectives::new),
        converting(true).with(LateCollectives::new));
  }

  private static Rig converting(boolean accumulates) {
    return new Rig(Rig.GROUPS, ConvertingDevice::make, all -> all, DType.F32, accumulates);
  }

  /** Adds a gradient whose elements are all so large, times the rank + 1. */
  private static void reduce(Rank rank, int group, double value) {
    Weights room = rank.parameters().gradients(group);
    for (Parameter parameter : rank.parameters().groups().get(group).parameters()) {
      Tensor tensor = room.get(parameter.name());
      double[] values = new double[(int) tensor.elements()];
      Arrays.fill(values, value * (rank.world().rank() + 1));
      rank.device().write(tensor, values);
    }
    rank.parameters().reduce(group);
  }

  private static void assertGradient(Rank rank, int group, double value) {
    double[] expected = new double[(int) rank.parameters().groups().get(group).elements()];
    int ranks = rank.world().size();
    Arrays.fill(expected, value * ranks * (ranks + 1) / 2);
    assertArrayEquals(expected, rank.parameters().gatherGradient(group), "group " + group);
  }

  @ParameterizedTest
  @MethodSource("rigs")
  void passesAreAddedUp(Rig rig) {
    rig.run(
        2,
        rank -> {
          for (double pass : new double[] {1, 10, 100}) {
            for (int group = 0; group < 3; group++) {
              reduce(rank, group, pass * (group + 1));
            }
          }
          for (int group = 2; group >= 0; group--) { // the last is still to be added
            assertGradient(rank, group, 111 * (group + 1));
          }
          return null;
        });
  }

  /** A single pass needs no buffer for what is added, where nothing is converted. */
  @Test
  void onePassNeedsNoSecondBuffer() {
    for (Rig rig : List.of(new Rig().once(), converting(false))) {
      rig.run(
          2,
          rank -> {
            for (double step : new double[] {1, 2}) {
              for (int group = 2; group >= 0; group--) {
                reduce(rank, group, step + group);
              }
              for (int group = 0; group < 3; group++) {
                assertGradient(rank, group, step + group);
              }
              rank.parameters().dropGradients();
            }
            return null;
          });
    }
  }

  /** The second sum of a group is still to be added when its step is dropped. */
  @ParameterizedTest
  @MethodSource("rigs")
  void nothingOfADroppedStepIsLeft(Rig rig) {
    rig.run(
        2,
        rank -> {
          reduce(rank, 0, 1);
          reduce(rank, 0, 2);
          rank.parameters().dropGradients();
          reduce(rank, 0, 4);
          assertGradient(rank, 0, 4);
          return null;
        });
  }

  @ParameterizedTest
  @MethodSource("rigs")
  void updatesSeeAllSumsAndTheNextStepBeginsAnew(Rig rig) {
    rig.run(
        2,
        rank -> {
          double[] before = rank.device().read(rank.parameters().weights(0).get("norm"));
          reduce(rank, 0, 1);
          reduce(rank, 0, -1); // the sum of both is nothing: no weight moves
          rank.parameters().update(new Kernels.AdamW(0.1, 0.9, 0.9, 1e-8, 0, 1, 1), all -> true);
          assertArrayEquals(before, rank.device().read(rank.parameters().weights(0).get("norm")));
          reduce(rank, 0, 5);
          rank.parameters().update(new Kernels.AdamW(0.1, 0.9, 0.9, 1e-8, 0, 2, 1), all -> true);
          reduce(rank, 0, 4);
          assertGradient(rank, 0, 4);
          return null;
        });
  }

  /** Every element of every parameter, on whatever rank, and in the second pass too. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aNumberThatIsNotFiniteIsFoundWhereverItIs(int ranks) {
    new Rig()
        .with(LateCollectives::new)
        .run(
            ranks,
            rank -> {
              for (int group = 0; group < 3; group++) {
                for (Parameter parameter : Rig.GROUPS.get(group).parameters()) {
                  for (int index = 0; index < parameter.elements(); index++) {
                    for (int each = 0; each < 3; each++) {
                      reduce(rank, each, 1);
                    }
                    poison(rank, group, parameter, index);
                    assertEquals(parameter.name(), rank.parameters().firstNonFiniteGradient());
                    rank.parameters().dropGradients();
                  }
                }
              }
              return null;
            });
  }

  private static void poison(Rank rank, int group, Parameter parameter, int index) {
    Weights room = rank.parameters().gradients(group);
    double[] values = new double[(int) parameter.elements()];
    values[index] = rank.world().rank() == 0 ? Double.NaN : 0;
    rank.device().write(room.get(parameter.name()), values);
    rank.parameters().reduce(group);
  }

  @Test
  void theFirstOfSeveralIsNamed() {
    List<String> names =
        new Rig()
            .run(
                3,
                rank -> {
                  List<String> found = new ArrayList<>();
                  poison(rank, 2, Rig.LAST, 0);
                  found.add(rank.parameters().firstNonFiniteGradient());
                  poison(rank, 1, Rig.OTHER, 3);
                  found.add(rank.parameters().firstNonFiniteGradient());
                  poison(rank, 0, Rig.NORM, 6);
                  found.add(rank.parameters().firstNonFiniteGradient());
                  poison(rank, 0, Rig.MATRIX, 14);
                  found.add(rank.parameters().firstNonFiniteGradient());
                  return String.join(" ", found);
                });
    assertEquals("c.norm b.matrix a.norm a.matrix", names.get(2));
  }
}
