package ringattention.validate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.validate.AttentionProblem.Input;

/** Ring attention over all ranks against vanilla attention in float64 on rank 0. */
public final class AttentionChecks {
  private static final int SAMPLES = 32;

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
    AttentionResult result = ring(problem);
    if (world.rank() != 0) {
      return List.of();
    }
    AttentionResult truth;
    try (ReferenceDevice reference = new ReferenceDevice();
        AttentionRunner vanilla =
            AttentionRunner.vanilla(
                problem, LocalCommunicator.single(), reference, device.compute(), timer)) {
      vanilla.forward();
      vanilla.backward();
      truth = vanilla.gather();
    }
    int[] all = IntStream.range(0, problem.length()).toArray();
    double largestValue = Residual.largest(problem.rows(Input.VALUE, all, device.compute()));
    return checks(problem, result.residuals(truth, largestValue, epsilon()));
  }

  /**
   * The result at a sample of positions, for sequences whose score matrix is too large. Collective;
   * as {@link #whole}.
   */
  public List<Check> sampled(AttentionProblem problem) {
    AttentionResult result = ring(problem);
    if (world.rank() != 0) {
      return List.of();
    }
    SampledTruth truth = new SampledTruth(problem, device.compute());
    int[] positions = SampledTruth.sample(problem.length(), SAMPLES);
    AttentionResult rows = result.at(positions, problem.length());
    return checks(
        problem, rows.residuals(truth.at(positions, result), truth.largestValue(), epsilon()));
  }

  private AttentionResult ring(AttentionProblem problem) {
    try (AttentionRunner runner =
        AttentionRunner.ring(problem, world, device, device.compute(), timer)) {
      runner.forward();
      runner.backward();
      return runner.gather();
    }
  }

  private double epsilon() {
    return device.compute().epsilon();
  }

  private List<Check> checks(AttentionProblem problem, Map<String, Residual> residuals) {
    List<Check> checks = new ArrayList<>();
    residuals.forEach(
        (name, residual) -> {
          boolean gradient = name.startsWith("d");
          Map<String, Double> details = new LinkedHashMap<>();
          details.put("max|difference|", residual.difference());
          details.put("scale", residual.scale());
          details.put("epsilon", residual.epsilon());
          checks.add(
              Check.atMost(
                  name + ", " + problem,
                  residual.value(),
                  gradient
                      ? Thresholds.attentionGradient(problem.headSize())
                      : Thresholds.attentionOutput(problem.headSize()),
                  formula(name),
                  details));
        });
    return checks;
  }

  private static String formula(String name) {
    return switch (name) {
      case "O" -> "max|O - Oref| / (eps max|V|)";
      case "lse" -> "max|lse - lseref| / (eps max(1, |lseref|))";
      default -> "max|" + name + " - ref| / (eps max|ref|)";
    };
  }
}
