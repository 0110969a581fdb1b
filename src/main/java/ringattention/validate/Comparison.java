package ringattention.validate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.device.DType;
import ringattention.metrics.Largest;
import ringattention.report.Check;

/**
 * A result beside the truth at the same places, and the checks that follow from the two.
 *
 * @param precision of the device that computed the result
 */
record Comparison(
    AttentionProblem problem,
    SampledPlaces sample,
    AttentionResult result,
    AttentionTruth truth,
    Rounding precision) {
  /** Returns one check of every quantity: how far its worst row is from the truth. */
  List<Check> residuals() {
    Thresholds thresholds = new Thresholds(precision);
    List<Check> checks = new ArrayList<>();
    result
        .residuals(truth, precision)
        .forEach(
            (quantity, residual) -> {
              Map<String, Double> details = new LinkedHashMap<>();
              details.put("max|difference| of the row", residual.difference());
              details.put("scale of the row", residual.scale());
              details.put("epsilon", residual.epsilon());
              checks.add(
                  Check.atMost(
                      quantity.symbol() + ", " + problem,
                      residual.value(),
                      thresholds.attention(quantity, problem.heads().size()),
                      quantity.formula(),
                      details));
            });
    if (precision.compute() == DType.F32) {
      checks.add(relative());
    }
    return checks;
  }

  private Check relative() {
    Map<String, Double> errors = result.relativeErrors(truth.result());
    return Check.atMost(
        "relative error, " + problem,
        Largest.of(errors.values().stream().mapToDouble(Double::doubleValue)),
        Thresholds.FLOAT32_RELATIVE,
        "max over O, lse, dQ, dK, dV of max|x - ref| / max|ref|",
        errors);
  }

  /**
   * Returns one check of every quantity: the ring's error beside that of another result.
   *
   * @param call what one call over the whole sequence computes at the same places
   * @param ranks of the ring
   */
  List<Check> ratios(AttentionResult call, int ranks) {
    Thresholds thresholds = new Thresholds(precision);
    double floor = thresholds.ratioFloor();
    double least = Thresholds.leastRatio(ranks);
    List<Check> checks = new ArrayList<>();
    result
        .errorRatios(call, truth, precision, floor)
        .forEach(
            (quantity, ratio) -> {
              Map<String, Double> details = new LinkedHashMap<>();
              details.put("rms error of the ring, in rounding steps of a row", ratio.error());
              details.put("rms error of one call", ratio.otherError());
              details.put("errors that say nothing", floor);
              checks.add(
                  Check.between(
                      quantity.symbol() + ", ring vs one call, " + problem,
                      ratio.value(),
                      ratio.least(least),
                      Thresholds.largestRatio(result.of(quantity).length),
                      "rms(ring - ref) / max(rms(one call over the whole sequence - ref), one step"
                          + " of sums), each row in units of its scale above; far below 1 neither",
                      details));
            });
    return checks;
  }
}
