package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckTest {
  private static Check check(String name, double value, double threshold) {
    Map<String, Double> norms = new LinkedHashMap<>();
    norms.put("max|O - Oref|", 2.5e-6);
    norms.put("max|V|", 4.0);
    return Check.atMost(name, value, threshold, "max|O - Oref| / (eps max|V|)", norms);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, PASSED",
    "2, 2, PASSED",
    "2.0000000000000004, 2, FAILED",
    "NaN, 2, FAILED",
    "Infinity, 2, FAILED",
    "1, NaN, FAILED"
  })
  void verdicts(double value, double threshold, Check.Verdict expected) {
    assertEquals(expected, check("x", value, threshold).verdict());
  }

  @Test
  void aVerdictMustFollowFromItsNumbers() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Check("x", 2, 0, 1, "", Check.Verdict.PASSED, Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "0.5, PASSED",
    "0.1, PASSED",
    "1.5, PASSED",
    "0.09999, FAILED",
    "1.6, FAILED",
    "0, FAILED",
    "NaN, FAILED"
  })
  void betweenTwoBounds(double value, Check.Verdict expected) {
    assertEquals(expected, Check.between("x", value, 0.1, 1.5, "f", Map.of()).verdict());
  }

  @Test
  void aValueThatIsTooSmallSaysSo() {
    Check small = Check.between("x", 1e-5, 0.1, 1.5, "f", Map.of());
    assertEquals("x  1.00e-05 >= 1.00e-01  FAILED      [1]", Check.lines(List.of(small)).get(0));
    assertEquals(
        "INVALID: check x failed: 1.000e-05 is not >= 1.000e-01",
        RunVerdict.of(List.of(small), "").line());
    assertEquals(0.1, small.fields().get("least"));
  }

  @Test
  void failedChecksListEveryNorm() {
    assertEquals(
        List.of(
            "O         1.25e+00 <= 1.60e+01  PASSED      [1]",
            "dK, dV    1.70e+01 <= 1.60e+01  FAILED      [1]",
            "    max|O - Oref| = 2.5E-6",
            "    max|V| = 4.0",
            "unstable       NaN <= 1.60e+01  FAILED      [1]",
            "    max|O - Oref| = 2.5E-6",
            "    max|V| = 4.0",
            "probe                           NOT CHECKED [2]",
            "[1] max|O - Oref| / (eps max|V|)",
            "[2] one rank only"),
        Check.lines(
            List.of(
                check("O", 1.25, 16),
                check("dK, dV", 17, 16),
                check("unstable", Double.NaN, 16),
                Check.notChecked("probe", "one rank only"))));
  }

  @Test
  void verdictOfARun() {
    String result = "final loss 2.31, 41.2 ktok/s, 4 ranks";
    Check good = check("O", 1, 16);
    Check bad = check("dQ", 32, 16);
    Check unmade = Check.notChecked("probe", "one rank only");
    assertEquals("VALID: " + result, RunVerdict.of(List.of(good, unmade), result).line());
    assertEquals(
        "VALID: " + result + " (NOT CHECKED)", RunVerdict.of(List.of(unmade), result).line());
    assertEquals(
        "INVALID: check dQ failed: 3.200e+01 is not <= 1.600e+01",
        RunVerdict.of(List.of(good, bad), result).line());
    assertEquals(
        "INVALID: check dQ failed: 3.200e+01 is not <= 1.600e+01 and 1 more",
        RunVerdict.of(List.of(bad, good, bad), result).line());
  }

  @Test
  void csvHasOneRowACheck() {
    String csv =
        Check.csv(
            List.of(
                Check.atMost("O, zigzag", 0.5, 1, "f", Map.of()),
                Check.atMost("x", Double.NaN, 1, "f", Map.of()),
                Check.notChecked("probe", "no \"GPU\"")),
            4);
    assertEquals(
        "check,ranks,value,threshold,verdict\n"
            + "\"O, zigzag\",4,0.5,1.0,PASSED\n"
            + "\"x\",4,NaN,1.0,FAILED\n"
            + "\"probe\",4,,,NOT CHECKED\n",
        csv);
  }
}
