package ringattention.bench.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import ringattention.bench.attention.MeasuredThreshold.Bound;
import ringattention.report.BenchTable;
import ringattention.report.Check;
import ringattention.report.Check.Verdict;

class OverlapThresholdTest {
  private static final double[] SIZES = {256, 512, 1024, 2048};

  private static MeasuredThreshold of(double... fractions) {
    return MeasuredThreshold.of(SIZES, fractions, 0.05);
  }

  private static final Calm QUIET = new Calm(0.01, 1.1);

  private static OverlapThreshold threshold(double predicted, MeasuredThreshold measured) {
    return threshold(predicted, measured, QUIET);
  }

  private static OverlapThreshold threshold(
      double predicted, MeasuredThreshold measured, Calm calm) {
    return new OverlapThreshold(
        "12.5 GB/s", RingPass.FORWARD, 600e12, 12.5e9, 96000, 96000, predicted, measured, calm);
  }

  /** What is right is right on a busy machine, too; what is wrong is wrong on a quiet one. */
  @Test
  void aWrongPredictionOfABusyMachineIsNotChecked() {
    MeasuredThreshold exact = new MeasuredThreshold(1000, Bound.EXACT);
    Calm busy = new Calm(0.4, 3);
    assertEquals(Verdict.PASSED, threshold(1990, exact, busy).check().verdict());
    for (double wrong : new double[] {2010, 490, Double.POSITIVE_INFINITY, Double.NaN}) {
      assertEquals(Verdict.FAILED, threshold(wrong, exact, QUIET).check().verdict());
      Check check = threshold(wrong, exact, busy).check();
      assertEquals(Verdict.NOT_CHECKED, check.verdict());
      assertEquals(
          "the cores are busy: ranks had none for 40% of the time that they wanted one, repeats"
              + " differ by a factor of 3.0",
          check.formula());
    }
  }

  @Test
  void liesBetweenTheLastExposedSizeAndTheNext() {
    MeasuredThreshold found = of(0.4, 0.15, 0.01, 0.0);
    assertEquals(Bound.EXACT, found.bound());
    assertEquals(512 * Math.pow(2, 10.0 / 14), found.tokens(), 1e-9);
    // a hidden size below an exposed one is luck
    assertEquals(Bound.EXACT, of(0.01, 0.15, 0.01, 0.0).bound());
    assertEquals(found.tokens(), of(0.01, 0.15, 0.01, 0.0).tokens());
  }

  @Test
  void sizesThatAreAllOnOneSideGiveABound() {
    assertEquals(new MeasuredThreshold(256, Bound.AT_MOST), of(0.02, -0.01, 0.05, 0));
    assertEquals("hidden everywhere, from 256 tokens on", of(0, 0, 0, 0).toString());
    assertEquals(new MeasuredThreshold(2048, Bound.MORE_THAN), of(0.9, 0.8, 0.7, 0.051));
    assertEquals(new MeasuredThreshold(2048, Bound.MORE_THAN), of(0, 0, 0, Double.NaN));
  }

  @Test
  void predictionMayBeOffByAFactorOfTwo() {
    MeasuredThreshold exact = new MeasuredThreshold(1000, Bound.EXACT);
    assertEquals(Verdict.PASSED, threshold(1990, exact).check().verdict());
    assertEquals(Verdict.PASSED, threshold(510, exact).check().verdict());
    assertEquals(Verdict.FAILED, threshold(2010, exact).check().verdict());
    assertEquals(Verdict.FAILED, threshold(490, exact).check().verdict());
    assertEquals(Verdict.FAILED, threshold(Double.POSITIVE_INFINITY, exact).check().verdict());
  }

  @Test
  void aBoundSaysOneSideOnly() {
    MeasuredThreshold hidden = new MeasuredThreshold(256, Bound.AT_MOST);
    assertEquals(1, hidden.factor(3));
    assertEquals(2, hidden.factor(512));
    MeasuredThreshold exposed = new MeasuredThreshold(2048, Bound.MORE_THAN);
    assertEquals(1, exposed.factor(Double.POSITIVE_INFINITY));
    assertEquals(4, exposed.factor(512));
  }

  @Test
  void thePapersRowsAreItsOwn() {
    for (ThresholdTable.Row row : ThresholdTable.PAPER) { // printed to two or three digits
      assertEquals(1, row.hiding() / row.ratio(), 0.06, row.network());
      assertEquals(1, row.sequence() / (6 * row.ratio()), 0.02, row.network());
    }
    BenchTable<ThresholdTable.Row> table = ThresholdTable.thresholds();
    table.row(ThresholdTable.PAPER.get(1));
    table.row(threshold(90000, of(0.9, 0.8, 0.7, 0.6)).row());
    assertEquals(
        """
        source,network,pass,attention_tflops,bandwidth_gbytes_per_s,ratio_tokens,formula_tokens,\
        hiding_tokens,predicted_tokens,measured_tokens,measured_bound,sequence_tokens
        paper,A100 InfiniBand,forward,312.0,12.5,24960.0,NaN,24500.0,NaN,NaN,none,149500.0
        here,12.5 GB/s,forward,600.0,12.5,48000.0,96000.0,96000.0,90000.0,2048.0,MORE_THAN,576000.0
        """,
        table.csv());
    assertTrue(threshold(1, of(0, 0, 0, 0)).line().endsWith("from 256 tokens on"));
  }
}
