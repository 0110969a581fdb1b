package ringattention.report;

import java.awt.AWTError;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;

/**
 * Plots as PNG images, drawn without a screen. Every method throws {@link OutputException} where
 * the machine cannot draw (no fonts, a Java without graphics): a reason for a note in the log, not
 * for failing a run.
 */
public final class Plots {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 560;

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

  /** How an axis is labelled and divided. */
  public record Axis(String title, boolean logarithmic) {}

  private Plots() {}

  /** Loss by step. */
  public static byte[] loss(List<StepRecord> steps) {
    return bySteps("Loss", "nats per token", steps, StepRecord::loss);
  }

  /** Throughput of all ranks together by step. */
  public static byte[] tokensPerSecond(List<StepRecord> steps) {
    return bySteps("Throughput", "tokens per second", steps, StepRecord::tokensPerS);
  }

  /** A stacked bar for each rank: seconds by phase, and the rest. */
  public static byte[] timeBreakdown(List<PhaseTimes> ranks) {
    return png(() -> bars(ranks));
  }

  /** Lines with a mark at each point, as benchmarks need them. */
  public static byte[] lines(String title, Axis x, Axis y, List<Series> series) {
    return png(() -> xy(title, x, y, series, true));
  }

  private static byte[] bySteps(
      String title, String unit, List<StepRecord> steps, ToDoubleFunction<StepRecord> value) {
    Series series =
        new Series(
            title,
            steps.stream().mapToDouble(StepRecord::step).toArray(),
            steps.stream().mapToDouble(value).toArray());
    Axis step = new Axis("step", false);
    return png(() -> xy(title, step, new Axis(unit, false), List.of(series), false));
  }

  private static XYChart xy(String title, Axis x, Axis y, List<Series> series, boolean marks) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x.title())
            .yAxisTitle(y.title())
            .build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLogarithmic(x.logarithmic()).setYAxisLogarithmic(y.logarithmic());
    chart.getStyler().setLegendVisible(series.size() > 1);
    for (Series line : series) {
      List<Double> xs = new ArrayList<>();
      List<Double> ys = new ArrayList<>();
      for (int i = 0; i < line.x().length; i++) {
        if (drawable(line.x()[i], x) && drawable(line.y()[i], y)) {
          xs.add(line.x()[i]);
          ys.add(line.y()[i]);
        }
      }
      if (!xs.isEmpty()) {
        chart
            .addSeries(line.name(), xs, ys)
            .setMarker(marks || xs.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE)
            .setLineStyle(new BasicStroke(2));
      }
    }
    return chart;
  }

  private static CategoryChart bars(List<PhaseTimes> ranks) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Time by phase")
            .xAxisTitle("rank")
            .yAxisTitle("seconds")
            .build();
    chart.getStyler().setStacked(true).setAvailableSpaceFill(0.7);
    style(chart.getStyler());
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

  private static boolean drawable(double value, Axis axis) {
    return Double.isFinite(value) && (value > 0 || !axis.logarithmic());
  }

  private static void style(AxesChartStyler styler) {
    styler.setPlotGridLinesColor(new Color(225, 225, 225));
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendPosition(LegendPosition.OutsideE);
    styler.setMarkerSize(7);
  }

  private static byte[] png(Supplier<IChart> chart) {
    try {
      return BitmapEncoder.getBitmapBytes(chart.get(), BitmapEncoder.BitmapFormat.PNG);
    } catch (IOException | RuntimeException | LinkageError | InternalError | AWTError e) {
      throw new OutputException("cannot draw: " + e, e);
    }
  }
}
