package ringattention.validate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.comm.Communicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;

/**
 * Ring attention over all ranks against vanilla attention in float64, and its error against that of
 * the device's own attention over the whole sequence in one call.
 */
public final class AttentionChecks {
  private final Communicator world;
  private final Device device;
  private final PhaseTimer timer;

  public AttentionChecks(Communicator world, Device device, PhaseTimer timer) {
    this.world = world;
    this.device = device;
    this.timer = timer;
  }

  /**
   * The whole result against the whole truth. Collective; the checks on rank 0, an empty list on
   * the others.
   */
  public List<Check> whole(AttentionProblem problem) {
    AttentionResult result;
    try (AttentionRunner runner = ring(problem)) {
      bothPasses(runner);
      result = runner.gather();
    }
    if (world.rank() != 0) {
      return List.of();
    }
    AttentionTruth truth = AttentionTruth.whole(problem, device.compute());
    List<Check> checks = new ArrayList<>(residuals(problem, result, truth));
    if (rounds()) {
      try (AttentionRunner alone = AttentionRunner.oneCall(problem, device, timer)) {
        bothPasses(alone);
        checks.addAll(ratios(problem, result, alone.gather(), truth.result()));
      }
    }
    return checks;
  }

  /**
   * The result at a sample of positions and heads, for sequences whose score matrix is too large.
   * Collective; as {@link #whole}.
   */
  public List<Check> sampled(AttentionProblem problem) {
    Sample sample = Sample.of(problem);
    AttentionResult result;
    QueryTotals totals;
    try (AttentionRunner runner = ring(problem)) {
      bothPasses(runner);
      result = runner.gather(sample);
      totals = runner.totals(sample);
    }
    if (world.rank() != 0) {
      return List.of();
    }
    AttentionTruth truth = AttentionTruth.at(problem, sample, totals, device.compute());
    List<Check> checks = new ArrayList<>(residuals(problem, result, truth));
    if (rounds()) {
      try (AttentionRunner alone = AttentionRunner.oneCall(problem, device, timer)) {
        bothPasses(alone);
        checks.addAll(ratios(problem, result, alone.gather(sample), truth.result()));
      }
    }
    return checks;
  }

  private AttentionRunner ring(AttentionProblem problem) {
    return AttentionRunner.ring(problem, world, device, device.compute(), timer);
  }

  private static void bothPasses(AttentionRunner runner) {
    runner.forward();
    runner.backward();
  }

  /** Whether float64 knows better: only then does a ratio of errors say something. */
  private boolean rounds() {
    return device.compute() != DType.F64;
  }

  private List<Check> residuals(
      AttentionProblem problem, AttentionResult result, AttentionTruth truth) {
    Precision precision = Precision.of(device);
    Thresholds thresholds = new Thresholds(precision);
    Map<String, Residual> residuals =
        result.residuals(truth.result(), truth.largestValue(), precision);
    List<Check> checks = new ArrayList<>();
    residuals.forEach(
        (name, residual) -> {
          Map<String, Double> details = new LinkedHashMap<>();
          details.put("max|difference|", residual.difference());
          details.put("scale", residual.scale());
          details.put("epsilon", residual.epsilon());
          double threshold =
              switch (name) {
                case "O" -> thresholds.attentionOutput(problem.headSize());
                case "lse" -> Thresholds.logSumExp(problem.headSize());
                default -> thresholds.attentionGradient(problem.headSize());
              };
          checks.add(
              Check.atMost(
                  name + ", " + problem, residual.value(), threshold, formula(name), details));
        });
    if (device.compute() == DType.F32) {
      checks.add(relative(problem, result, truth.result()));
    }
    return checks;
  }

  private static Check relative(
      AttentionProblem problem, AttentionResult result, AttentionResult truth) {
    Map<String, Double> errors = result.relativeErrors(truth);
    return Check.atMost(
        "relative error, " + problem,
        errors.values().stream().mapToDouble(Double::doubleValue).reduce(0, Math::max),
        Thresholds.FLOAT32_RELATIVE,
        "max over O, lse, dQ, dK, dV of max|x - ref| / max|ref|",
        errors);
  }

  private static List<Check> ratios(
      AttentionProblem problem,
      AttentionResult result,
      AttentionResult oneCall,
      AttentionResult truth) {
    List<Check> checks = new ArrayList<>();
    result
        .errorRatios(oneCall, truth)
        .forEach(
            (name, ratio) -> {
              Map<String, Double> details = new LinkedHashMap<>();
              details.put("rms error of the ring", ratio.error());
              details.put("rms error of one call", ratio.otherError());
              checks.add(
                  Check.atMost(
                      name + ", ring vs one call, " + problem,
                      ratio.value(),
                      Thresholds.RING_TO_ONE_CALL,
                      "rms(ring - ref) / rms(one call over the whole sequence - ref)",
                      details));
            });
    return checks;
  }

  private static String formula(String name) {
    return switch (name) {
      case "O" -> "max|O - Oref| / (eps max|V|)";
      case "lse" -> "max|lse - lseref| / (eps of sums max(1, |lseref|))";
      default -> "max|" + name + " - ref| / (eps max|ref|)";
    };
  }
}
