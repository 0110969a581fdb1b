package ringattention.evaluate.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import ringattention.report.Plots;

/** The returns of all trials, as the log, the files and the plot show them. */
final class RolloutTable {
  /** First line of {@code rollouts.csv}. */
  static final String HEADING = "seed,task,trial,return";

  private final RolloutConfig config;
  private final List<double[]> trials = new ArrayList<>(); // [trials][seeds]

  /**
   * Mean and deviation over seeds; the deviation of one is 0.
   *
   * @param deviation of a sample
   */
  record Spread(double mean, double deviation) {
    static Spread of(double... values) {
      double mean = DoubleStream.of(values).average().orElse(Double.NaN);
      double squares = DoubleStream.of(values).map(v -> (v - mean) * (v - mean)).sum();
      return new Spread(mean, values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)));
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.3f +- %.3f", mean, deviation);
    }
  }

  RolloutTable(RolloutConfig config) {
    this.config = config;
  }

  /** Adds a trial and returns its rows of {@code rollouts.csv}. */
  List<String> add(double... returns) {
    int trial = trials.size();
    trials.add(returns.clone());
    return IntStream.range(0, returns.length)
        .mapToObj(i -> i + "," + config.task(i) + "," + trial + "," + returns[i])
        .toList();
  }

  static String heading() {
    return String.format(
        Locale.ROOT, "%7s %12s %12s %12s %12s", "trial", "mean", "deviation", "least", "most");
  }

  /** Returns the line of the last trial for the log. */
  String line() {
    double[] last = trials.get(trials.size() - 1);
    Spread spread = Spread.of(last);
    return String.format(
        Locale.ROOT,
        "%7d %12.3f %12.3f %12.3f %12.3f",
        trials.size() - 1,
        spread.mean,
        spread.deviation,
        DoubleStream.of(last).min().orElse(Double.NaN),
        DoubleStream.of(last).max().orElse(Double.NaN));
  }

  /** Returns the largest return of each seed. */
  Spread best() {
    return bySeed(returns -> returns.max().orElse(Double.NaN));
  }

  /** Returns the mean return of each seed over its trials. */
  Spread mean() {
    return bySeed(returns -> returns.average().orElse(Double.NaN));
  }

  /** Returns the last return of each seed. */
  Spread last() {
    return Spread.of(trials.isEmpty() ? new double[0] : trials.get(trials.size() - 1));
  }

  private Spread bySeed(ToDoubleFunction<DoubleStream> value) {
    int seeds = trials.isEmpty() ? 0 : trials.get(0).length;
    return Spread.of(
        IntStream.range(0, seeds)
            .mapToDouble(
                seed -> value.applyAsDouble(trials.stream().mapToDouble(trial -> trial[seed])))
            .toArray());
  }

  /** Returns the plot of the mean return over trials, with a deviation over seeds around it. */
  byte[] plot() {
    return Plots.lines(
        "Return by trial: " + config.environment() + ", " + config.seeds() + " seeds",
        new Plots.Axis("trial", false),
        new Plots.Axis("return", false),
        List.of(
            series("mean - deviation", spread -> spread.mean - spread.deviation),
            series("mean + deviation", spread -> spread.mean + spread.deviation),
            series("mean", Spread::mean)));
  }

  private Plots.Series series(String name, ToDoubleFunction<Spread> value) {
    double[] x = new double[trials.size()];
    Arrays.setAll(x, i -> i);
    double[] y = trials.stream().map(Spread::of).mapToDouble(value).toArray();
    return new Plots.Series(name, x, y);
  }
}
