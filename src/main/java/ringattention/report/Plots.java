package ringattention.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;

/**
 * Plots as PNG images, drawn without a screen. Every method throws {@link OutputException} where
 * the machine cannot draw (no fonts, a Java without graphics): a reason for a note in the log, not
 * for failing a run.
 */
public final class Plots {
  private static final int MEANS = 100; // in a plot, each of a hundredth of the steps
  private static final int NAME = 60; // characters of a run's that a title has
  private static final Color PALE = new Color(0xa0cbe8);
  private static final MathContext FOUR_DIGITS = new MathContext(4);
  private static final String[] FACTORS = {"", "k", "M", "G", "T"};

  /**
   * A line of a plot; points that are not finite, or not positive on a logarithmic axis, are left
   * out.
   */
  public record Series(String name, double[] x, double[] y) {
    public Series {
      if (x.length != y.length) {
        throw new IllegalArgumentException(x.length + " x and " + y.length + " y in " + name);
      }
    }
  }

  /** The bars of one colour: a value for each category. */
  public record Bars(String name, List<Double> values) {
    public Bars {
      values = List.copyOf(values);
    }
  }

  /** What the rows or columns of a map stand for. */
  public record Labels(String title, List<Integer> values) {
    public Labels {
      values = List.copyOf(values);
    }
  }

  /** How an axis is labelled and divided. */
  public record Axis(String title, boolean logarithmic) {
    /**
     * At most four digits and a factor, for example 41.5k; on a logarithmic axis only 1, 2 and 5 of
     * each decade.
     */
    String label(double value) {
      if (logarithmic) {
        long mantissa = Math.round(value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9)));
        if (mantissa != 1 && mantissa != 2 && mantissa != 5) {
          return " ";
        }
      }
      if (value != 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15)) {
        return Units.format("%.1e", value); // XChart never ends where labels are too long
      }
      double scaled = value;
      int factor = 0;
      while (factor < FACTORS.length - 1 && Math.abs(scaled) >= 1000) {
        scaled /= 1000;
        factor++;
      }
      return BigDecimal.valueOf(scaled).round(FOUR_DIGITS).stripTrailingZeros().toPlainString()
          + FACTORS[factor];
    }
  }

  private Plots() {}

  /** A title has what tells plots of several runs apart; the end of a long name stays. */
  private static String titled(String what, String run) {
    int length = run.length();
    return what + ": " + (length <= NAME ? run : "..." + run.substring(length - NAME));
  }

  /**
   * Loss by step.
   *
   * @param run its name and ranks, for the title, as in all plots of a run
   * @param unit of losses
   */
  public static byte[] loss(String run, String unit, List<StepRecord> steps) {
    return Charts.png(
        () -> {
          XYChart chart = bySteps(run, "Loss", unit, steps, StepRecord::loss);
          List<StepRecord> measured =
              steps.stream()
                  .filter(record -> record.validationLoss().filter(Double::isFinite).isPresent())
                  .toList();
          if (!measured.isEmpty()) {
            Series heldOut =
                new Series(
                    "held-out loss",
                    measured.stream().mapToDouble(StepRecord::step).toArray(),
                    measured.stream().mapToDouble(r -> r.validationLoss().get()).toArray());
            chart.addSeries(heldOut.name(), heldOut.x(), heldOut.y());
            Color red = Charts.colour(5);
            Charts.restyle(chart, heldOut, red, SeriesMarkers.CIRCLE, new BasicStroke(2));
            chart.getStyler().setLegendVisible(true);
          }
          return chart;
        });
  }

  /** Exact rate and digit rate by step, and nothing of steps that have none. */
  public static byte[] exactRate(String run, List<StepRecord> steps) {
    List<StepRecord> counted =
        steps.stream()
            .filter(record -> record.answers().filter(a -> a.exactRate() >= 0).isPresent())
            .toList();
    return Charts.png(
        () -> {
          XYChart chart =
              bySteps(run, "exact answers", "share", counted, r -> r.answers().get().exactRate());
          double[] x = counted.stream().mapToDouble(StepRecord::step).toArray();
          double[] y = counted.stream().mapToDouble(r -> r.answers().get().digitRate()).toArray();
          Series digits = new Series("labels that are right", x, y);
          chart.addSeries(digits.name(), digits.x(), digits.y());
          Charts.restyle(chart, digits, Charts.colour(5), SeriesMarkers.NONE, new BasicStroke(1));
          chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0).setLegendVisible(true);
          return chart;
        });
  }

  /** Throughput of all ranks together by step. */
  public static byte[] tokensPerSecond(String run, List<StepRecord> steps) {
    return Charts.png(
        () -> {
          XYChart chart =
              bySteps(run, "Throughput", "tokens per second", steps, StepRecord::tokensPerS);
          chart.getStyler().setYAxisMin(0.0);
          return chart;
        });
  }

  /** L2 norm of the whole gradient before clipping, by step. */
  public static byte[] gradientNorm(String run, List<StepRecord> steps) {
    return Charts.png(
        () -> bySteps(run, "Gradient norm", "before clipping", steps, StepRecord::gradNorm));
  }

  /** Learning rate by step: one line, which has no noise to be averaged. */
  public static byte[] learningRate(String run, List<StepRecord> steps) {
    double[] x = steps.stream().mapToDouble(StepRecord::step).toArray();
    double[] y = steps.stream().mapToDouble(StepRecord::learningRate).toArray();
    List<Series> rate = List.of(new Series("learning rate", x, y));
    String title = titled("Learning rate", run);
    return Charts.png(
        () -> Charts.xy(title, new Axis("step", false), new Axis("", false), rate, false));
  }

  /** A stacked bar for each rank: seconds by phase, and the rest. */
  public static byte[] timeBreakdown(String run, List<PhaseTimes> ranks) {
    return Charts.png(() -> bars(run, ranks));
  }

  /** Lines with a mark at each point, as benchmarks need them. */
  public static byte[] lines(String title, Axis x, Axis y, List<Series> series) {
    return Charts.png(() -> Charts.xy(title, x, y, series, true));
  }

  /** Lines like {@link #lines}, of shares from 0 to 1, all of which the axis has. */
  public static byte[] shares(String title, Axis x, Axis y, List<Series> series) {
    return Charts.png(
        () -> {
          XYChart chart = Charts.xy(title, x, y, series, true);
          chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0);
          return chart;
        });
  }

  /**
   * Shares from 0 to 1 by two things, from red over yellow to green.
   *
   * @param shares [columns][rows]
   */
  public static byte[] map(String title, Labels columns, Labels rows, double[][] shares) {
    return Charts.png(() -> Charts.map(title, columns, rows, shares));
  }

  /** Bars side by side in every category. */
  public static byte[] bars(
      String title, String x, String y, List<String> categories, List<Bars> series) {
    return Charts.png(
        () -> {
          CategoryChart chart = Charts.categories(title, x, y);
          chart.getStyler().setYAxisTickLabelsFormattingFunction(new Axis(y, false)::label);
          series.forEach(bars -> chart.addSeries(bars.name(), categories, bars.values()));
          return chart;
        });
  }

  /**
   * What was predicted as curves, what was measured as points: of one thing in one colour.
   *
   * @param curves one for each of {@code points}, in their order
   */
  public static byte[] curvesAndPoints(
      String title, Axis x, Axis y, List<Series> curves, List<Series> points) {
    return Charts.png(
        () -> {
          List<Series> all = new ArrayList<>(curves);
          all.addAll(points);
          XYChart chart = Charts.xy(title, x, y, all, false);
          for (int i = 0; i < curves.size(); i++) {
            Color colour = Charts.colour(i);
            Charts.restyle(chart, curves.get(i), colour, SeriesMarkers.NONE, new BasicStroke(2));
            Charts.restyle(chart, points.get(i), colour, SeriesMarkers.CIRCLE, SeriesLines.NONE);
          }
          return chart;
        });
  }

  /** A line; of many steps pale points, which alone would be a band, and their means on the way. */
  private static XYChart bySteps(
      String run,
      String title,
      String unit,
      List<StepRecord> steps,
      ToDoubleFunction<StepRecord> value) {
    Series each =
        new Series(
            title,
            steps.stream().mapToDouble(StepRecord::step).toArray(),
            steps.stream().mapToDouble(value).toArray());
    int window = steps.size() / MEANS;
    List<Series> all = window > 1 ? List.of(each, means(each, window)) : List.of(each);
    XYChart chart =
        Charts.xy(titled(title, run), new Axis("step", false), new Axis(unit, false), all, false);
    if (window > 1) {
      Charts.restyle(chart, all.get(0), PALE, SeriesMarkers.CIRCLE, SeriesLines.NONE);
      Charts.restyle(chart, all.get(1), Charts.colour(0), SeriesMarkers.NONE, new BasicStroke(2));
      chart.getStyler().setMarkerSize(3);
    }
    if (!steps.isEmpty()) {
      // XChart ticks at data points where these and the ends of the axis are equally spaced: not
      // here
      double last = steps.get(steps.size() - 1).step();
      chart.getStyler().setXAxisMin(steps.get(0).step() - 1.0).setXAxisMax(last + 0.5);
    }
    return chart;
  }

  /** Means of so many finite values in a row, each in the middle of its places. */
  private static Series means(Series each, int window) {
    int count = (each.x().length + window - 1) / window;
    double[] x = new double[count];
    double[] y = new double[count];
    for (int i = 0; i < count; i++) {
      int end = Math.min(each.x().length, (i + 1) * window);
      x[i] = (each.x()[i * window] + each.x()[end - 1]) / 2;
      y[i] =
          Arrays.stream(each.y(), i * window, end)
              .filter(Double::isFinite)
              .average()
              .orElse(Double.NaN);
    }
    return new Series("mean of " + window, x, y);
  }

  private static CategoryChart bars(String run, List<PhaseTimes> ranks) {
    CategoryChart chart = Charts.categories(titled("Time by phase", run), "rank", "seconds");
    chart.getStyler().setStacked(true);
    List<Integer> names = IntStream.range(0, ranks.size()).boxed().toList();
    for (Phase phase : Phase.values()) {
      List<Double> seconds = ranks.stream().map(times -> times.seconds(phase)).toList();
      if (seconds.stream().anyMatch(value -> value > 0)) {
        chart.addSeries(phase.title(), names, seconds);
      }
    }
    chart.addSeries(
        "rest",
        names,
        ranks.stream().map(times -> Math.max(0, times.wallS() - times.inPhases())).toList());
    return chart;
  }
}
