package ringattention.validate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.ModelSetup;
import ringattention.report.Check;
import ringattention.shard.Mesh;

/**
 * Loss and every parameter's gradient of a whole Transformer against the vanilla architecture on
 * one rank in float64: the ring over all ranks in every mesh, and the paper's other architectures.
 */
public final class TransformerChecks {
  private final Communicator world;
  private final Device device;
  private final PhaseTimer timer;
  private final UnaryOperator<TransformerRunner.Result> computed;

  public TransformerChecks(Communicator world, Device device, PhaseTimer timer) {
    this(world, device, timer, result -> result);
  }

  /**
   * Lets tests spoil results.
   *
   * @param computed called with what was computed, returns what is compared
   */
  TransformerChecks(
      Communicator world,
      Device device,
      PhaseTimer timer,
      UnaryOperator<TransformerRunner.Result> computed) {
    this.computed = computed;
    this.world = world;
    this.device = device;
    this.timer = timer;
  }

  /**
   * The ring over all ranks, as data-parallel x ring x heads x tensor.
   *
   * @param problem with a batch that the number of rings divides
   * @return the checks on rank 0, an empty list on the others. Collective.
   */
  public List<Check> ring(TransformerProblem problem, Mesh mesh) {
    TransformerRunner.Result result = run(problem, problem.ring(mesh), world, device);
    return world.rank() == 0
        ? checks(
            String.format(
                "%d x ring of %d%s%s, %s %s, %s",
                mesh.data(),
                mesh.ring(),
                (mesh.heads() == 1 ? "" : " x " + mesh.heads() + " heads")
                    + (mesh.chunks() == 1 ? "" : " in " + mesh.chunks() + " chunks"),
                mesh.tensor() == 1 ? "" : " x " + mesh.tensor() + " tensor",
                problem.layout(),
                problem.mask(),
                problem.tokens()),
            problem,
            result)
        : List.of();
  }

  /**
   * The four architectures of the paper on rank 0 alone; an empty list on the others. Not
   * collective.
   */
  public List<Check> architectures(TransformerProblem problem) {
    if (world.rank() != 0) {
      return List.of();
    }
    List<Check> checks = new ArrayList<>();
    Mesh alone = Mesh.of(1, 1);
    Map<String, ModelSetup> architectures = new LinkedHashMap<>();
    architectures.put("vanilla", problem.vanilla());
    architectures.put(
        "memory-efficient attention",
        problem.setup(AttentionKind.MEMORY_EFFICIENT, FeedForwardKind.FULL, alone));
    architectures.put(
        "blockwise feed-forward",
        problem.setup(AttentionKind.MEMORY_EFFICIENT, FeedForwardKind.BLOCKWISE, alone));
    architectures.put("ring of one", problem.ring(alone));
    architectures.forEach(
        (name, setup) ->
            checks.addAll(checks(name, problem, run(problem, setup, world.self(), device))));
    return checks;
  }

  private TransformerRunner.Result run(
      TransformerProblem problem, ModelSetup setup, Communicator ranks, Device on) {
    try (TransformerRunner runner = new TransformerRunner(problem, setup, ranks, on, timer)) {
      return runner.lossAndGradients();
    }
  }

  private List<Check> checks(
      String name, TransformerProblem problem, TransformerRunner.Result unspoilt) {
    TransformerRunner.Result result = computed.apply(unspoilt);
    TransformerRunner.Result truth;
    try (ReferenceDevice reference = new ReferenceDevice()) {
      truth = run(problem, problem.vanilla(), LocalCommunicator.single(), reference);
    }
    Thresholds thresholds = new Thresholds(Rounding.of(device));
    double epsilon = device.compute().epsilon();
    Residual loss =
        Residual.relative(new double[] {result.loss()}, new double[] {truth.loss()}, epsilon);
    Residual worst = null;
    Map<String, Double> norms = new LinkedHashMap<>();
    for (Map.Entry<String, double[]> gradient : truth.gradients().entrySet()) {
      double[] computed = result.gradients().get(gradient.getKey());
      Residual residual = Residual.relative(computed, gradient.getValue(), epsilon);
      norms.put(gradient.getKey(), residual.value());
      worst = worst == null ? residual : worst.orWorse(residual);
    }
    Map<String, Double> losses = new LinkedHashMap<>();
    losses.put("loss", result.loss());
    losses.put("reference", truth.loss());
    return List.of(
        Check.atMost(
            "loss, " + name,
            loss.value(),
            thresholds.loss(problem.model()),
            "|loss - ref| / (eps |ref|)",
            losses),
        Check.atMost(
            "gradients, " + name,
            worst.value(),
            thresholds.parameterGradient(problem.model()),
            "max over parameters of max|g - ref| / (eps max|ref|)",
            norms));
  }
}
