package ringattention.evaluate.suite;

import java.util.OptionalInt;

/**
 * What came of the cases of one length, at one depth or all of them.
 *
 * @param depth percent; empty: all
 * @param correct cases that are right, or the sum of their shares
 */
record SuiteRow(int length, OptionalInt depth, int cases, double correct) {
  double accuracy() {
    return correct / cases;
  }

  Wilson interval() {
    return Wilson.of(correct, cases);
  }
}
