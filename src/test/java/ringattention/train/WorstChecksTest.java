package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ringattention.comm.LocalCommunicator;
import ringattention.report.Check;

/** What is checked in every ring is said of all of them. */
class WorstChecksTest {
  private static Check check(double value) {
    return Check.between("O", value, 0.1, 1.5, "f", Map.of());
  }

  /** Two rings of two ranks: what the second finds counts as much as what the first does. */
  @Test
  void theWorstRingCounts() {
    double[][] cases = {
      {1, 2, 2}, {1, 0.01, 0.01}, {1, 1.2, 1.2}, {1.2, 1, 1.2}, {2, 1, 2}, {1, Double.NaN, 0}
    };
    for (double[] values : cases) {
      List<Check> worst =
          LocalCommunicator.run(
                  4,
                  world ->
                      WorstChecks.of(
                          world,
                          world.rank() % 2 == 0
                              ? List.of(check(values[world.rank() / 2]))
                              : List.of()))
              .get(0);
      assertEquals(1, worst.size());
      boolean failed =
          List.of(values[0], values[1]).stream().anyMatch(v -> !(0.1 <= v && v <= 1.5));
      assertEquals(failed ? Check.Verdict.FAILED : Check.Verdict.PASSED, worst.get(0).verdict());
      if (!Double.isNaN(values[1])) {
        assertEquals(values[2], worst.get(0).value());
      }
    }
  }

  /** Every check is compared with its own. */
  @Test
  void eachCheckHasItsWorst() {
    double[][] values = {{0.5, 1.1, 0.2}, {0.4, 1.3, 0.3}};
    List<Check> worst =
        LocalCommunicator.run(
                2,
                world ->
                    WorstChecks.of(
                        world,
                        Arrays.stream(values[world.rank()]).mapToObj(v -> check(v)).toList()))
            .get(0);
    assertEquals(List.of(0.5, 1.3, 0.3), worst.stream().map(Check::value).toList());
  }

  /** A ring that could not check is not passed over. */
  @Test
  void aRingThatCheckedNothingIsNamed() {
    Check none = Check.notChecked("O", "why");
    for (List<Check> second : List.of(List.of(none), List.of(check(1), none))) {
      List<Check> worst =
          LocalCommunicator.run(
                  2, world -> WorstChecks.of(world, world.rank() == 0 ? List.of(check(1)) : second))
              .get(0);
      assertTrue(
          worst.stream().anyMatch(check -> check.verdict() == Check.Verdict.NOT_CHECKED),
          worst.toString());
    }
  }
}
