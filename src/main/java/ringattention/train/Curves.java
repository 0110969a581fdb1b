package ringattention.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import ringattention.metrics.LossUnit;
import ringattention.report.Plots;
import ringattention.report.StepRecord;

/** The plots of a training run over its steps. */
final class Curves {
  private Curves() {}

  /**
   * Returns what draws each plot, by its name.
   *
   * @param title the run's name and ranks
   * @param unit of losses
   * @param steps that do not change meanwhile
   */
  static Map<String, Supplier<byte[]>> of(String title, LossUnit unit, List<StepRecord> steps) {
    Map<String, Supplier<byte[]>> plots = new LinkedHashMap<>();
    plots.put("loss", () -> Plots.loss(title, unit.axis(), steps));
    if (steps.stream().anyMatch(Curves::hasQuestions)) {
      plots.put("exact_rate", () -> Plots.exactRate(title, steps));
    }
    plots.put("grad_norm", () -> Plots.gradientNorm(title, steps));
    plots.put("learning_rate", () -> Plots.learningRate(title, steps));
    plots.put("tokens_per_s", () -> Plots.tokensPerSecond(title, steps));
    return plots;
  }

  private static boolean hasQuestions(StepRecord step) {
    return step.answers().filter(answers -> !Double.isNaN(answers.exactRate())).isPresent();
  }
}
