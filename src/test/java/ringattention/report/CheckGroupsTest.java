package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Many checks in few lines hide nothing that failed, nor what came nearest to it. */
class CheckGroupsTest {
  private static Check check(String name, double value, double threshold) {
    return Check.atMost(name, value, threshold, "f", Map.of("norm", 1.0));
  }

  private static final Check NOT = Check.notChecked("O, c", "no room");

  @Test
  void aGroupHasOneLineWithItsWorstValue() {
    List<Check> checks =
        List.of(check("O, a", 8, 100), check("dQ, a", 1, 4), check("O, b", 1, 10), NOT);
    assertEquals(
        List.of(
            "O, 2 1.00e+00 <= 1.00e+01 PASSED [1]",
            "dQ, 1 1.00e+00 <= 4.00e+00 PASSED [1]",
            "O, 0 of 1 made NOT CHECKED [2]",
            "[1] f",
            "[2] no room",
            "a line has the worst value of its group; each check is in checks.csv"),
        CheckGroups.lines(checks).stream().map(line -> line.replaceAll(" +", " ")).toList());
  }

  @Test
  void whatFailedStandsInFullWhateverIsLarger() {
    List<Check> checks =
        List.of(
            check("O, a", 99, 100),
            check("O, b", 3, 2),
            Check.between("O, c", 0, 1, 100, "f", Map.of("norm", 1.0)),
            check("O, d", Double.NaN, 2));
    List<String> lines = CheckGroups.lines(checks);
    assertEquals("O, 4       NaN <= 2.00e+00  FAILED      [1]", lines.get(0));
    assertEquals("O, b  3.00e+00 <= 2.00e+00  FAILED      [1]", lines.get(1));
    assertEquals("    norm = 1.0", lines.get(2));
    assertEquals("O, c  0.00e+00 >= 1.00e+00  FAILED      [1]", lines.get(3));
    assertEquals("O, d       NaN <= 2.00e+00  FAILED      [1]", lines.get(5));
    assertEquals(
        "O, 2  3.00e+00 <= 2.00e+00  FAILED      [1]",
        CheckGroups.lines(checks.subList(0, 2)).get(0));
  }
}
