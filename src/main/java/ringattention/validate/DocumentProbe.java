package ringattention.validate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.Mask;

/**
 * Makes one token of a packed sequence not a number, its query, key, value and gradient, and looks
 * at which results of ring attention change, forward and backward: what sees the token in its own
 * document must, nothing of any other document may.
 *
 * <p>Results are compared bit by bit; gradients of a device that does not repeat itself to the bit
 * must stay numbers.
 */
public final class DocumentProbe {
  private final Communicator world;
  private final Device device;
  private final PhaseTimer timer;
  private final Consumer<AttentionRunner> computed;

  public DocumentProbe(Communicator world, Device device, PhaseTimer timer) {
    this(world, device, timer, runner -> {});
  }

  /**
   * Lets tests spoil results.
   *
   * @param computed called with what every pass has computed
   */
  DocumentProbe(
      Communicator world, Device device, PhaseTimer timer, Consumer<AttentionRunner> computed) {
    this.computed = computed;
    this.world = world;
    this.device = device;
    this.timer = timer;
  }

  /**
   * Probes the first and the last token of every document.
   *
   * @param problem of several documents
   * @return one check on rank 0, an empty list on the others. Collective.
   */
  public List<Check> probe(AttentionProblem problem) {
    try (AttentionRunner runner =
        AttentionRunner.ring(problem, world, device, device.compute(), timer)) {
      AttentionResult before = pass(runner);
      Map<String, Double> wrong = new LinkedHashMap<>();
      for (int position : tokens(problem)) {
        runner.makeNaN(position);
        AttentionResult after = pass(runner);
        runner.restore(position);
        if (world.rank() == 0) {
          Changes changes = new Changes(problem, before, after, device.repeats());
          wrong.put("wrong at token " + position, (double) changes.wrong(position));
        }
      }
      return world.rank() == 0 ? List.of(check(problem, wrong)) : List.of();
    }
  }

  private AttentionResult pass(AttentionRunner runner) {
    runner.poison();
    runner.forward();
    runner.backward();
    computed.accept(runner);
    return runner.gather();
  }

  private static int[] tokens(AttentionProblem problem) {
    return problem.documents().starts().stream()
        .flatMapToInt(
            start -> IntStream.of(start, problem.documents().end(start, problem.length()) - 1))
        .distinct()
        .toArray();
  }

  private static Check check(AttentionProblem problem, Map<String, Double> wrong) {
    return Check.atMost(
        "probe, " + problem,
        wrong.values().stream().mapToDouble(Double::doubleValue).sum(),
        0,
        "results that change though they must not, stay though they must change, or are no numbers",
        wrong);
  }

  /**
   * What one token has changed.
   *
   * @param repeats whether gradients are the same bits every time; if not, those of other documents
   *     must only stay numbers
   */
  private record Changes(
      AttentionProblem problem, AttentionResult before, AttentionResult after, boolean repeats) {

    /**
     * Positions that have changed but must not have, and the other way round. Earlier queries of
     * the token's own document are free to change: a kernel may multiply what a mask hides by 0.
     */
    long wrong(int token) {
      int first = problem.documents().first(token);
      int end = problem.documents().end(token, problem.length());
      int firstSeeing = problem.mask() == Mask.CAUSAL ? token : first;
      return wrong(before.out(), after.out(), true, first, firstSeeing, end)
          + wrong(before.logSumExp(), after.logSumExp(), true, first, firstSeeing, end)
          + wrong(before.dQuery(), after.dQuery(), repeats, first, firstSeeing, end)
          + wrong(before.dKey(), after.dKey(), repeats, first, first, end)
          + wrong(before.dValue(), after.dValue(), repeats, first, first, end);
    }

    /** Positions [first, end) may change, [must, end) must; before, all were numbers. */
    private long wrong(double[] old, double[] now, boolean exactly, int first, int must, int end) {
      int row = old.length / problem.length();
      return IntStream.range(0, problem.length())
          .filter(
              position -> {
                boolean judged = position < first || position >= must;
                boolean seeing = first <= position && position < end;
                return !numbers(old, position, row)
                    || judged && changed(old, now, position, row, exactly) != seeing;
              })
          .count();
    }

    private static boolean numbers(double[] old, int position, int row) {
      return IntStream.range(position * row, (position + 1) * row)
          .allMatch(i -> Double.isFinite(old[i]));
    }

    private static boolean changed(
        double[] old, double[] now, int position, int row, boolean exactly) {
      return IntStream.range(position * row, (position + 1) * row)
          .anyMatch(i -> Double.isNaN(now[i]) || exactly && !same(old[i], now[i]));
    }

    private static boolean same(double a, double b) {
      return Double.doubleToLongBits(a) == Double.doubleToLongBits(b);
    }
  }
}
