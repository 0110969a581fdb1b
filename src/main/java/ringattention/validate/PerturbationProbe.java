package ringattention.validate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import ringattention.comm.Communicator;
import ringattention.data.Sample;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/**
 * Changes one token, or a number of one position, and looks at which outputs change, bit by bit:
 * under the causal mask exactly those at its position and after it, under the full mask all of
 * them, whichever rank they live on, and none of another document. A mask that leaks, or a ring
 * that is not connected, cannot pass.
 */
public final class PerturbationProbe {
  private final Communicator world;
  private final Device device;
  private final PhaseTimer timer;
  private final Consumer<double[]> computed;

  public PerturbationProbe(Communicator world, Device device, PhaseTimer timer) {
    this(world, device, timer, outputs -> {});
  }

  /**
   * Lets tests spoil outputs.
   *
   * @param computed called with the outputs of every pass on rank 0, which it may change
   */
  PerturbationProbe(
      Communicator world, Device device, PhaseTimer timer, Consumer<double[]> computed) {
    this.computed = computed;
    this.world = world;
    this.device = device;
    this.timer = timer;
  }

  /**
   * Perturbs the first, a middle and the last position, one on every rank, and both ends of every
   * document.
   *
   * @param problem of one sequence
   * @return one check on rank 0, an empty list on the others. Collective.
   */
  public List<Check> probe(TransformerProblem problem) {
    return probe(problem, Mesh.of(world.size(), world.size()));
  }

  /**
   * Probes like {@link #probe(TransformerProblem)}.
   *
   * @param mesh all ranks share the sequence in it
   */
  public List<Check> probe(TransformerProblem problem, Mesh mesh) {
    try (TransformerRunner runner =
        new TransformerRunner(problem, problem.ring(mesh), world, device, timer)) {
      double[] before = outputs(runner, problem.sequences());
      Map<String, Double> wrong = new LinkedHashMap<>();
      for (int position : positions(problem, mesh)) {
        Sample[] changed = problem.sequences();
        problem.change(changed[0], position);
        double[] after = outputs(runner, changed);
        if (world.rank() == 0) {
          wrong.put("wrong at token " + position, (double) wrong(before, after, position, problem));
        }
      }
      return world.rank() == 0 ? List.of(check(problem, mesh, wrong)) : List.of();
    }
  }

  private double[] outputs(TransformerRunner runner, Sample[] sequences) {
    double[] outputs = runner.forward(sequences);
    if (world.rank() == 0) {
      computed.accept(outputs);
    }
    return outputs;
  }

  private List<Integer> positions(TransformerProblem problem, Mesh mesh) {
    List<Integer> positions =
        new ArrayList<>(List.of(0, problem.length() / 2, problem.length() - 1));
    for (int rank = 0; rank < world.size(); rank++) {
      positions.add(problem.ring(mesh).layout().position(rank, 1));
    }
    for (int start : problem.documents().starts()) {
      positions.add(start);
      positions.add(problem.documents().end(start, problem.length()) - 1);
    }
    return positions.stream().distinct().sorted().toList();
  }

  /** Positions that changed but must not have, or the other way round, or hold no number. */
  private static int wrong(double[] before, double[] after, int token, TransformerProblem problem) {
    int first = problem.mask() == Mask.CAUSAL ? token : problem.documents().first(token);
    int end = problem.documents().end(token, problem.length());
    int row = before.length / problem.length();
    int wrong = 0;
    for (int position = 0; position < problem.length(); position++) {
      boolean changed = false;
      boolean numbers = true;
      for (int i = position * row; i < (position + 1) * row; i++) {
        numbers &= Double.isFinite(after[i]);
        changed |= Double.doubleToLongBits(before[i]) != Double.doubleToLongBits(after[i]);
      }
      if (!numbers || changed != (first <= position && position < end)) {
        wrong++;
      }
    }
    return wrong;
  }

  private static Check check(TransformerProblem problem, Mesh mesh, Map<String, Double> wrong) {
    String name =
        String.format(
            "probe, %s%s %s, %s",
            (mesh.heads() == 1 ? "" : mesh.heads() + " heads, ")
                + (mesh.tensor() == 1 ? "" : mesh.tensor() + " tensor, "),
            problem.layout(),
            problem.mask(),
            problem.tokens());
    return Check.atMost(
        name,
        wrong.values().stream().mapToDouble(Double::doubleValue).sum(),
        0,
        "outputs that change though they must not, stay though they must change, or are no numbers",
        wrong);
  }
}
